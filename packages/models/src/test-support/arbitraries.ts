import fc from 'fast-check';
import type { PlainModel } from './plain-maths.ts';

/** Each key is given or left to its default. */
export const keys = <T extends object>(values: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(values, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
export const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
export const upTo = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });

export const sizes = { maxSequenceLength: upTo(7, 2), numBlocks: upTo(2), inputDropout: fc.constant(0) };
export const optional = { learnedTemperature: fc.boolean() };
/** A width that heads share, per head an even number of columns. */
export const heads = fc.tuple(upTo(3), upTo(2)).map(([numHeads, pairs]) => ({
  numHeads,
  embeddingDim: numHeads * 2 * pairs + (numHeads * pairs === 1 ? 2 : 0),
}));
export const joined = (...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<object> =>
  fc.tuple(...parts).map((each) => Object.assign({}, ...each) as object);

/** A kind of encoder and its formula. */
export interface FormulaCase {
  /** Configurations, dropout apart; those that the schema refuses are left out. */
  readonly configs: fc.Arbitrary<object>;
  readonly plain: (config: never) => PlainModel;
  /**
   * Settings of models with norms, and the size of an input whose square is the epsilon: there a norm halves the
   * variance, give or take.
   */
  readonly norms?: readonly (readonly [settings: object, size: number])[];
  /** Configurations to draw in each of the seeds. */
  readonly runs?: number;
}
