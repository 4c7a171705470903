import * as tf from '@tensorflow/tfjs-core';
import { EmbedTokens, type EmbedTokensAttrs, EmbedTokensGrad } from '../backends/kernel-names.ts';
import { assertDType, assertShapes, type Expected } from '../shapes.ts';
import { type DropoutOptions, dropoutAttrs } from './dropout.ts';
import { absent, registerGradientOnce, runKernel } from './run-kernel.ts';

/** Rows of a table of places, one a token. */
export interface TokenPlaces {
  /** float32 `[N, D]`. */
  readonly table: tf.Tensor2D;
  /** int32 `[T]`, each in `0 .. N - 1`. */
  readonly ids: tf.Tensor1D;
}

export interface EmbedTokensOptions {
  /** float32 `[I, D]`. */
  readonly table: tf.Tensor2D;
  /** int32 `[T]`, each in `0 .. I - 1`. Not checked where that would read a device. */
  readonly ids: tf.Tensor1D;
  /** Default 1. */
  readonly scale?: number;
  readonly places?: TokenPlaces;
  readonly dropout?: DropoutOptions;
}

/**
 * `y_t = dropout(scale table[ids_t] + places[positions_t])` in one pass: what enters the first block of an
 * encoder. The gradients of both tables are segment sums over their ids, whatever the size of the table; rows
 * never looked up get zero. Tokens `r ..` alone are dropped as in the whole batch with `stream.first` raised by `r D`.
 *
 * @returns float32 `[T, D]`.
 * @throws ShapeError, DTypeError, UnsupportedError for a rate outside `[0, 1)`.
 *
 * Source: Zhai et al. 2024, as in the public code (`sqrt(D) E[id] + P[position]`); Kang & McAuley 2018.
 */
export function embedTokens({ table, ids, scale = 1, places, dropout }: EmbedTokensOptions): tf.Tensor2D {
  const op = 'embedTokens';
  const floats: Expected[] = [['table', table, 'I D']];
  const integers: Expected[] = [['ids', ids, 'T']];
  if (places !== undefined) {
    floats.push(['places.table', places.table, 'N D']);
    integers.push(['places.ids', places.ids, 'T']);
  }
  assertShapes(op, [...floats, ...integers]);
  for (const [name, tensor] of floats) assertDType(tensor, 'float32', { op, name });
  for (const [name, tensor] of integers) assertDType(tensor, 'int32', { op, name });
  const attrs: EmbedTokensAttrs = { scale, ...dropoutAttrs(op, dropout) };
  return tf.tidy(() => {
    const [rows, positions] = [places?.table ?? absent(), places?.ids ?? absent('int32')];
    return runKernel<tf.Tensor2D>(EmbedTokens, { table, ids, places: rows, positions }, attrs);
  });
}

registerGradientOnce({
  kernelName: EmbedTokens,
  inputsToSave: ['table', 'ids', 'places', 'positions'],
  outputsToSave: [true],
  gradFunc: (dy, [table, ids, places, positions, y], attrs) => {
    const inputs = { table, ids, places, positions, y, dy: dy as tf.Tensor };
    const [dTable, dPlaces] = runKernel<tf.Tensor[]>(EmbedTokensGrad, inputs, attrs);
    return { table: () => dTable, places: () => dPlaces };
  },
});
