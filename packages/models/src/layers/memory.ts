import type { AttentionQueries, Offsets } from '@seqrec/core';
import type * as tf from '@tensorflow/tfjs-core';

/** Keys and values of the tokens of a pass, `[rows, H, A]` and `[rows, H, C]`. */
export interface FreshKeys {
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
}

/** What the queries of a pass attend to. */
export interface MemoryKeys extends AttentionQueries {
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
  readonly offsets: Offsets;
}

/**
 * What a model has kept of earlier tokens: a pass over a few new ones reads it and adds to it, layer by layer. The
 * tokens of the pass are then the last of their sequences.
 */
export interface TokenMemory {
  /** The new tokens are candidates: contents alone, each after the whole history, and nothing of them is kept. */
  readonly areCandidates: boolean;
  /** Keeps the keys and values of the pass at a layer that attends, and gives those of all tokens. */
  keys(layer: string, fresh: FreshKeys): MemoryKeys;
  /** The states of a recurrent layer before the pass, `[B, E]`. */
  states(layer: string, width: number): tf.Tensor2D;
  /** Keeps, of the states of a recurrent layer at the tokens of the pass `[T, E]`, what later passes start from. */
  keepStates(layer: string, states: tf.Tensor2D): void;
}
