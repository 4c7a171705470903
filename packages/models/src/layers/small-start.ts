import type { Initialization } from './initializers.ts';

/** A standard deviation, or that of Xavier-normal of each weight. */
export type InitialStd = number | 'xavier';

/** How weights of an encoder start under `initialStd`; what is absent starts as the encoder has it. */
export interface SmallStart {
  /** Tables of items, places and ages. */
  readonly table?: Initialization;
  /** Maps whose outputs are added to the tokens, and those of feed-forward parts. */
  readonly map?: Initialization;
  /** Biases of these maps. */
  readonly bias?: Initialization;
  /** Projections of queries, keys and values that a softmax reads. */
  readonly projection?: Initialization;
}

/**
 * With a standard deviation: tables truncated normal, maps normal, their biases zero, projections Xavier-uniform; then
 * the tokens are what the items say at first, and blocks add little. `xavier`: every matrix Xavier-normal, tables
 * among them; an item of many then starts near zero, a place does not. Without one: nothing.
 *
 * Source: the code of "Time to Split" (RecSys 2025), whose SASRec starts so with 0.02, as BERT does; `xavier`:
 * pmixer/SASRec.pytorch and RecTools.
 */
export function smallStart(standardDeviation: InitialStd | undefined): SmallStart {
  if (standardDeviation === undefined) return {};
  if (standardDeviation === 'xavier') {
    const xavier = { kind: 'xavier-normal' } as const;
    return { table: xavier, map: xavier, projection: xavier };
  }
  return {
    table: { kind: 'truncated-normal', standardDeviation },
    map: { kind: 'normal', standardDeviation },
    bias: { kind: 'zeros' },
    projection: { kind: 'xavier-uniform' },
  };
}
