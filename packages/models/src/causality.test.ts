import { integers, streamKey, useBackend } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from './inputs.ts';
import type { TokenEncoder } from './model.ts';
import { createModel, type ModelConfigInput } from './registry.ts';
import { drawBatch, drawWeights, NUM_ITEMS } from './test-support/compare-plain.ts';
import { allowedConfigs, formulaKinds } from './test-support/formula-kinds.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const evaluation = { training: false, step: 0, seed: 0 };

function encode(model: TokenEncoder, host: SequenceBatch): number[][] {
  const batch = uploadBatch(host);
  const rows = tf.tidy(() => model.encode(batch, evaluation).arraySync());
  batch.dispose();
  return rows;
}

/** Beyond a window a change is not seen at all; windows are compared with their formula. */
function withoutWindow(config: object): ModelConfigInput {
  const window = ['maxAttentionLength', 'globalAttentionLength', 'minFullAttentionLength', 'maxHistory'];
  return Object.fromEntries(Object.entries(config).filter(([key]) => !window.includes(key))) as ModelConfigInput;
}

// Random configurations of every switch, weights far from where they start.
describe.each(Object.keys(formulaKinds))('%s', (kind) => {
  it('sees nothing of later events, of other sequences and of row 0; and what it should see', () => {
    fc.assert(
      fc.property(allowedConfigs(kind), fc.nat(1e6), (config, seed) => {
        const free = withoutWindow(config);
        const model = createModel(free, { numItems: NUM_ITEMS, seed });
        drawWeights(model, seed);
        const { host } = drawBatch(model.maxSequenceLength, seed);
        const before = encode(model, host);

        // Another item, rating and label of one event of the last sequence, which is the longest.
        const [begin, end] = [host.offsets[2], host.offsets[3]];
        const at = begin + integers(streamKey(seed, 'at'), 0, 1, 0, end - begin)[0];
        const changed = {
          ...host,
          itemIds: host.itemIds.slice(),
          ratings: host.ratings!.slice(),
          targets: host.targets.slice(),
        };
        changed.itemIds[at] = 1 + (host.itemIds[at] % NUM_ITEMS);
        changed.ratings[at] = host.ratings![at] > 2 ? 1 : 4;
        changed.targets[end - 1] = 1 + (host.targets[end - 1] % NUM_ITEMS);
        const after = encode(model, changed);
        expect(after.slice(0, at)).toEqual(before.slice(0, at));
        for (let t = at; t < end; t++) expect(after[t], `event ${t - at} after the change`).not.toEqual(before[t]);

        // The last sequence alone, at other addresses and beside nothing.
        const alone = encode(model, {
          ...host,
          users: host.users.slice(2),
          offsets: Int32Array.of(0, end - begin),
          itemIds: host.itemIds.slice(begin),
          timestamps: host.timestamps.slice(begin),
          targets: host.targets.slice(begin),
          targetTimestamps: host.targetTimestamps.slice(begin),
          ratings: host.ratings!.slice(begin),
        });
        for (const [t, row] of alone.entries()) {
          for (const [d, value] of row.entries()) expect(value).toBeCloseTo(before[begin + t][d], 4);
        }

        // Row 0 of the table is padding.
        const table = model.itemTable();
        tf.tidy(() => void table.assign(tf.concat([tf.fill([1, table.shape[1]], 99), tf.slice(table, [1, 0])], 0)));
        expect(encode(model, host)).toEqual(before);
        model.dispose();
      }),
      { seed: 5, numRuns: 8 },
    );
  });
});
