import type { Initialization } from './initializers.ts';

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
 * the tokens are what the items say at first, and blocks add little. Without one: nothing.
 *
 * Source: the code of "Time to Split" (RecSys 2025), whose SASRec starts so with 0.02, as BERT does.
 */
export function smallStart(standardDeviation: number | undefined): SmallStart {
  if (standardDeviation === undefined) return {};
  return {
    table: { kind: 'truncated-normal', standardDeviation },
    map: { kind: 'normal', standardDeviation },
    bias: { kind: 'zeros' },
    projection: { kind: 'xavier-uniform' },
  };
}
