import fc from 'fast-check';
import { expect } from 'vitest';
import { ConfigError } from '../errors.ts';
import { type ModelConfigInput, parseModelConfig } from '../registry.ts';
import { comparePlain } from './compare-plain.ts';
import { plainDssm } from './plain-dssm.ts';
import { plainGru4rec } from './plain-gru4rec.ts';
import { plainHstu } from './plain-hstu.ts';
import type { PlainModel } from './plain-maths.ts';
import { plainPinnerformer } from './plain-pinnerformer.ts';
import { plainSasrec } from './plain-sasrec.ts';
import { plainTransformer } from './plain-transformer.ts';
import { plainTransformerPlusPlus } from './plain-transformer-plus-plus.ts';

/** Each key is given or left to its default. */
const keys = <T extends object>(values: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(values, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const upTo = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });

const sizes = { maxSequenceLength: upTo(7, 2), numBlocks: upTo(2), inputDropout: fc.constant(0) };
const optional = { learnedTemperature: fc.boolean() };
/** A width that heads share, per head an even number of columns. */
const heads = fc.tuple(upTo(3), upTo(2)).map(([numHeads, pairs]) => ({
  numHeads,
  embeddingDim: numHeads * 2 * pairs + (numHeads * pairs === 1 ? 2 : 0),
}));
const joined = (...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<object> =>
  fc.tuple(...parts).map((each) => Object.assign({}, ...each) as object);

export interface Kind {
  /** Configurations, dropout apart; those that the schema refuses are left out. */
  readonly configs: fc.Arbitrary<object>;
  readonly plain: (config: never) => PlainModel;
  /** Configurations to draw in each of the seeds. */
  readonly runs?: number;
}

export const formulaKinds: Readonly<Record<string, Kind>> = {
  hstu: {
    configs: joined(
      fc.record({
        ...sizes,
        embeddingDim: upTo(6, 3),
        numHeads: upTo(2),
        dqk: upTo(4),
        dv: upTo(4, 3),
        linearDropout: fc.constant(0),
      }),
      keys({
        ...optional,
        outputLength: upTo(5),
        numTimeBuckets: oneOf(1, 6, 40),
        block: oneOf('research', 'production'),
      }),
      keys({
        relativeBias: oneOf('none', 'position', 'position-time', 'rotary'),
        attention: oneOf('silu', 'softmax'),
        normalizer: oneOf('padded', 'seen', 'none'),
        attentionScale: oneOf('one', 'inverse-sqrt'),
        activation: oneOf('uvqk', 'u', 'none'),
        inputEncoding: oneOf('position', 'reverse-position-time'),
        actions: oneOf('none', 'sum', 'interleave'),
      }),
      keys({
        projectionBias: fc.boolean(),
        affineNorms: fc.boolean(),
        outputNorm: oneOf('layer', 'group', 'rms'),
        gate: fc.boolean(),
        concat: oneOf<boolean | string>(false, true, 'raw'),
        outputBias: fc.boolean(),
      }),
      keys({ ageBuckets: oneOf(3, 50), ageScale: oneOf('sqrt', 'log') }),
      keys({ maxAttentionLength: upTo(4), globalAttentionLength: upTo(3), minFullAttentionLength: upTo(3) }),
    ),
    plain: plainHstu,
    runs: 14,
  },
  sasrec: {
    configs: joined(
      heads,
      fc.record({ ...sizes, ffnDim: upTo(9), ffnDropout: fc.constant(0) }),
      keys({ ...optional, outputLength: upTo(5), activation: oneOf('relu', 'gelu') }),
    ),
    plain: plainSasrec,
  },
  transformer: {
    configs: joined(
      heads,
      fc.record({ ...sizes, blockDropout: fc.constant(0) }),
      keys({ ...optional, outputLength: upTo(5), ffnDim: upTo(9), activation: oneOf('relu', 'gelu') }),
    ),
    plain: plainTransformer,
  },
  'transformer-plus-plus': {
    configs: joined(
      heads,
      fc.record({ ...sizes, blockDropout: fc.constant(0) }),
      keys({ ...optional, ffnDim: upTo(9), headDim: oneOf(2, 4, 6) }),
    ),
    plain: plainTransformerPlusPlus,
  },
  gru4rec: {
    configs: joined(
      fc.record({ ...sizes, embeddingDim: upTo(6, 2), blockDropout: fc.constant(0) }),
      keys({ ...optional, hiddenDim: upTo(7) }),
    ),
    plain: plainGru4rec,
  },
  pinnerformer: {
    configs: joined(
      heads.map(({ numHeads, embeddingDim }) => ({ numHeads, modelDim: embeddingDim })),
      fc.record({ ...sizes, embeddingDim: upTo(5, 2), blockDropout: fc.constant(0) }),
      keys({ ...optional, ffnDim: upTo(9), itemDim: upTo(5), itemHiddenDim: upTo(6), actionDim: upTo(4) }),
      keys({ time: fc.boolean(), duration: oneOf('none', 'rating') }),
      oneOf<object>(
        {},
        { actions: 'none' },
        { actions: 'rating' },
        { actions: 'buckets', actionBounds: [1] },
        { actions: 'buckets', actionBounds: [0.5, 2, 4.5] },
      ),
    ),
    plain: plainPinnerformer,
  },
  dssm: {
    configs: joined(
      fc.record({
        userId: fc.constant(false),
        history: fc.constant(true),
        similarity: fc.constant('cosine'),
        maxSequenceLength: upTo(7, 2),
        embeddingDim: upTo(6, 2),
        outputDim: upTo(6, 2),
        // Of a few units all can be off for a query, which then says nothing.
        queryHiddenSizes: fc.array(upTo(20, 12), { minLength: 1, maxLength: 2 }),
        itemHiddenSizes: fc.array(upTo(20, 12), { minLength: 1, maxLength: 2 }),
      }),
      keys({ maxHistory: upTo(8) }),
    ),
    plain: plainDssm,
  },
};

function isAllowed(config: object): boolean {
  try {
    parseModelConfig(config);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/**
 * A model against its formula. Float32 is off by 5e-6 in outputs and 3e-4 in gradients at most, over a
 * thousand configurations.
 *
 * @param slack more than that, as a factor: of a few thousand configurations one has norms of rows that hardly
 *   differ from their mean, which lose a digit or two on every backend
 */
export function expectFormula(config: ModelConfigInput, plain: PlainModel, seed: number, slack = 1): void {
  const { outputs, loss, gradients } = comparePlain(config, plain, seed);
  const steepest = Object.entries(gradients).reduce((a, b) => (b[1] > a[1] ? b : a));
  if (process.env.SEQREC_PRINT) console.log(JSON.stringify({ config, seed, outputs, loss, steepest }));
  expect(outputs).toBeLessThan(2e-5 * slack);
  expect(loss).toBeLessThan(1e-5 * slack);
  expect(steepest[1], `gradient of ${steepest[0]}`).toBeLessThan(1e-3 * slack);
}

/** Random configurations of a kind, as the schema takes them. */
export function allowedConfigs(kind: string): fc.Arbitrary<object> {
  return formulaKinds[kind].configs.map((config) => ({ kind, ...config })).filter(isAllowed);
}

/** Random configurations of a kind of model against its formula. */
export function expectFormulas(kind: string, seed: number, runs = formulaKinds[kind].runs ?? 5, slack = 1): void {
  const { plain } = formulaKinds[kind];
  fc.assert(
    fc.property(allowedConfigs(kind), fc.nat(1e6), (config, weightSeed) =>
      expectFormula(config as ModelConfigInput, plain(config as never), weightSeed, slack),
    ),
    { seed, numRuns: runs },
  );
}
