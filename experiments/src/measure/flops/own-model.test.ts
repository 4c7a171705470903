// A model and an objective of somebody else: counted by their own formulas.
import {
  candidateFlops,
  createModel,
  defineModel,
  defineObjective,
  type Gru4recConfig,
  gru4recConfigSchema,
  linearFlops,
  type ModelConfig,
  type ModelOptions,
  type Objective,
  objectiveFlops,
  parseModelConfig,
  workloadOf,
} from '@seqrec/models';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
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
  expect(totalFlops(stepFlops(config, objective, [3, 4], 50))).toBe(linear(7 + 51) + totalFlops(products!));
});

it('is told to give a formula where it has none', () => {
  expect(countedEncoders()).not.toContain('own/without');
  expect(() => encoderFlops(configOf('own/without'), workloadOf([1]))).toThrow(
    `flops: expected an encoder with a formula (${countedEncoders().join(', ')}); got own/without; give \`flops\` in its definition, the argument of defineModel`,
  );
});

it('an objective without labels has one for each token, and is told where it has no formula', () => {
  const own = (kind: string) => ({
    kind,
    schema: z.strictObject({ kind: z.literal(kind) }),
    create: (): Objective => {
      throw new Error('not made');
    },
  });
  defineObjective(own('own/without'));
  defineObjective({ ...own('own/counted'), flops: (_, work) => candidateFlops(1, work) });
  const of = (kind: string) => stepFlops(configOf('own/counted'), { kind } as never, [3, 4], 50);
  const encoder = encoderFlops(configOf('own/counted'), workloadOf([3, 4], { itemRows: 51 }));
  expect(totalFlops(of('own/counted'))).toBe(totalFlops(encoder) + 3 * 2 * 7 * 2 * 6);
  expect(() => of('own/without')).toThrow(
    'flops: expected an objective with a formula; got own/without; give `flops` in its definition, the argument of defineObjective',
  );
});
