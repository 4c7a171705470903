import { useBackend } from '@seqrec/core';
import { latestWindow } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import type { TokenEncoder } from '../model.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { tinySplit } from '../test-support/tiny.ts';
import { evaluate } from './evaluate.ts';
import { evaluatePerplexity } from './perplexity.ts';
import { everyPosition } from './query-time.ts';

const shape = { embeddingDim: 8, maxSequenceLength: 6, numBlocks: 2, numHeads: 2, outputLength: 1 };
/** Rows of earlier events change when an event comes. */
const moving: Readonly<Record<string, ModelConfigInput>> = {
  'sasrec, positions from the newest': { kind: 'sasrec', ...shape, ffnDim: 8, positionsFrom: 'newest' },
  'hstu, places and ages from the newest': { kind: 'hstu', ...shape, dqk: 4, dv: 4, block: 'production' },
  'sasrec that sees padding': { kind: 'sasrec', ...shape, ffnDim: 8, seesPadding: true },
  'of a kind that does not say': { kind: 'sasrec', ...shape, ffnDim: 8, positionsFrom: 'newest' },
  'pinnerformer with ages': { kind: 'pinnerformer', ...shape, modelDim: 8, time: true } as ModelConfigInput,
  'pinnerformer without ages': { kind: 'pinnerformer', ...shape, modelDim: 8, time: false } as ModelConfigInput,
};

beforeAll(async () => {
  await useBackend('auto');
});

it.each(Object.keys(moving))('%s: every position is asked as if nothing came after it', async (name) => {
  const { outputLength: _, ...rest } = moving[name] as { outputLength?: number } & ModelConfigInput;
  const config = name.startsWith('pinnerformer') ? (rest as ModelConfigInput) : moving[name];
  const made = createModel(config, { numItems: 20, seed: 1 }) as TokenEncoder;
  const model = name.startsWith('of a kind') ? { ...made, config: { ...made.config, kind: 'unknown' } } : made;
  // Large enough for places and ages to decide ranks.
  for (const [weight, variable] of model.variables())
    if (/pos|timestamp|position|in_proj_bias/.test(weight))
      variable.assign(tf.mul(tf.randomNormal(variable.shape, 0, 1, 'float32', 3), 2));
  const examples = latestWindow(tinySplit({ users: 30, length: 8 }).test, { maxLength: 6 });
  const apart = everyPosition(examples, () => false).set;
  for (const queryTime of ['target', 'last'] as const) {
    const [all, each] = [{ examples, positions: 'all' as const }, { examples: apart }];
    const [a, b] = [
      await evaluate({ model, ...all, queryTime, ks: [1] }),
      await evaluate({ model, ...each, queryTime, ks: [1] }),
    ];
    expect([...a.ranks]).toEqual([...b.ranks]);
    const [p, q] = [all, each].map((asked) => evaluatePerplexity({ model, ...asked, queryTime, temperature: 0.1 }));
    expect((await p).perplexity).toBe((await q).perplexity);
  }
  model.dispose();
});
