import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from './inputs.ts';
import { createModel, type ModelConfigInput } from './registry.ts';
import { createScorer } from './serve/create-scorer.ts';

const shape = { embeddingDim: 8, maxSequenceLength: 4, numBlocks: 1, numHeads: 2, outputLength: 1 };
const kinds: readonly ModelConfigInput[] = [
  { kind: 'sasrec', ...shape, ffnDim: 8 },
  { kind: 'transformer', ...shape },
  { kind: 'fuxi-alpha', ...shape, dqk: 4, dv: 4 },
];

beforeAll(async () => {
  await useBackend('auto');
});

describe.each(kinds)('$kind with positionsFrom newest', (config) => {
  const model = createModel({ ...config, positionsFrom: 'newest' } as ModelConfigInput, { numItems: 9, seed: 1 });

  it('counts positions from the newest event', () => {
    const table = model.variables().get('_input_features_preproc._pos_emb.weight')!;
    const items = [
      [3, 5],
      [1, 2, 4, 5],
    ];
    const ids = Int32Array.from(items.flat());
    const times = Float64Array.from(ids, () => 1e9);
    const offsets = Int32Array.of(0, 2, 6);
    const host = { users: Int32Array.of(0, 1), offsets, itemIds: ids, timestamps: times };
    const batch = uploadBatch({ ...host, targets: ids, targetTimestamps: times, ratings: new Float32Array(6) });
    const rows = (): number[][] =>
      tf.tidy(() => model.encode(batch, { training: false, step: 0, seed: 0 }).arraySync() as number[][]);
    const before = rows();
    // The fourth vector is that of the first event of the longer history, which all of its events see.
    const fourth = Array.from({ length: table.shape[0] as number }, (_, i) =>
      new Array(8).fill(i === 3 ? 3 : 0).map((v, d) => v * (d % 3)),
    );
    const moved = tf.tidy(() => tf.add(table, tf.tensor2d(fourth)));
    table.assign(moved);
    const after = rows();
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    for (const row of [2, 3, 4, 5]) expect(after[row]).not.toEqual(before[row]);
    batch.dispose();
    moved.dispose();
  });

  it('has no scorer that is given events one by one', () => {
    expect(() => createScorer(model)).toThrow(
      `createScorer: '${config.kind}' with positionsFrom newest cannot: each event moves all earlier ones; use recommend, which reads the whole history, or positionsFrom oldest`,
    );
  });
});
