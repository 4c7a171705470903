// A model of somebody else: counted by its own formula.
import {
  createModel,
  defineModel,
  type Gru4recConfig,
  gru4recConfigSchema,
  linearFlops,
  type ModelConfig,
  type ModelOptions,
  parseModelConfig,
  workloadOf,
} from '@seqrec/models';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { objectiveFlops } from './objective.ts';
import { countedEncoders, encoderFlops, stepFlops, totalFlops } from './step.ts';

type OwnConfig = Omit<Gru4recConfig, 'kind'> & { readonly kind: string };

const sizes = { embeddingDim: 6, maxSequenceLength: 9, numBlocks: 1 };
const configOf = (kind: string): ModelConfig => parseModelConfig({ kind, ...sizes });

beforeAll(() => {
  const own = (kind: string) => ({
    kind,
    can: ['encode'] as const,
    schema: gru4recConfigSchema.extend({ kind: z.literal(kind) }),
    create: (config: OwnConfig, options: ModelOptions) => createModel({ ...config, kind: 'gru4rec' }, options),
  });
  defineModel(own('own/without'));
  defineModel({
    ...own('own/counted'),
    flops: ({ embeddingDim }, { tokens, itemRows }) =>
      linearFlops(tokens + itemRows, { in: embeddingDim, out: embeddingDim }),
  });
});

it('is an encoder that is counted, with the objective', () => {
  const config = configOf('own/counted');
  expect(countedEncoders()).toContain('own/counted');
  const linear = (rows: number) => 3 * 2 * rows * 6 * 6;
  expect(totalFlops(encoderFlops(config, workloadOf([3, 4])))).toBe(linear(7));
  const objective = { kind: 'sampled-softmax', numNegatives: 4 } as const;
  const products = objectiveFlops(objective, { labels: 7, embeddingDim: 6, numItems: 50 });
  expect(totalFlops(stepFlops(config, objective, [3, 4], 50))).toBe(linear(7 + 51) + totalFlops(products));
});

it('is told to give a formula where it has none', () => {
  expect(countedEncoders()).not.toContain('own/without');
  expect(() => encoderFlops(configOf('own/without'), workloadOf([1]))).toThrow(
    `flops: expected an encoder with a formula (${countedEncoders().join(', ')}); got own/without; give \`flops\` in its definition, the argument of defineModel`,
  );
});
