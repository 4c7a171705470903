import * as tf from '@tensorflow/tfjs-core';
import {
  type LinearActivation,
  LinearLayer,
  type LinearLayerAttrs,
  LinearLayerGrad,
} from '../backends/kernel-names.ts';
import { ShapeError, UnsupportedError } from '../errors.ts';
import { assertDType, assertShapes, describe, type Expected } from '../shapes.ts';
import { type DropoutOptions, dropoutAttrs, NO_DROPOUT } from './dropout.ts';
import { absent, registerGradientOnce, runKernel } from './run-kernel.ts';
import { problemOfSizes } from './silu-split.ts';

export interface LinearMap {
  /** float32 `[T, D]`. */
  readonly x: tf.Tensor2D;
  /** float32 `[E, D]`: PyTorch's layout. */
  readonly w: tf.Tensor2D;
  /** float32 `[E]`. */
  readonly b?: tf.Tensor1D;
  /** The map reads {@link layerNorm} of `x`. */
  readonly norm?: { readonly epsilon: number };
}

export interface LinearLayerOptions extends LinearMap {
  /** Not together with a residual. `gelu`: the tanh form (Hendrycks & Gimpel 2016, section 2, arXiv:1606.08415). */
  readonly activation?: Exclude<LinearActivation, 'none'>;
  readonly dropout?: DropoutOptions;
  /** float32 `[T, E]`. */
  readonly residual?: tf.Tensor2D;
}

/**
 * What a map makes of its rows, and the rows for another use: read here, their gradient is added inside the kernel
 * that takes the map back.
 */
export interface AndSkip {
  /** float32 `[T, D]`: `x`, or with `norm` its layer norm. */
  readonly skip: tf.Tensor2D;
}

/**
 * `dropout(act(n w^T + b)) + residual` in one pass, and one pass back: layer norm if wanted (`n` is `x` without), the
 * map, ReLU or GELU if wanted, {@link dropout} and a residual sum. The mask covers `[T, E]`: rows `r ..` alone are
 * dropped as in the whole batch with `stream.first` raised by `r E`.
 *
 * @returns float32 `[T, E]`.
 * @throws ShapeError, DTypeError, UnsupportedError for an activation with a residual, a rate outside `[0, 1)` or an
 *   epsilon that is not positive.
 */
export function linearLayer(options: LinearLayerOptions): tf.Tensor2D {
  return run(options, layerAttrs('linearLayer', options))[0];
}

/**
 * {@link linearLayer} and the rows that it reads, for a residual sum or whatever else reads them: the gradients of
 * both uses are added in one kernel.
 *
 * @returns y float32 `[T, E]`, skip float32 `[T, D]`.
 * @throws as {@link linearLayer}.
 */
export function linearLayerAndSkip(options: LinearLayerOptions): AndSkip & { readonly y: tf.Tensor2D } {
  const [y, skip] = run(options, { ...layerAttrs('linearLayerAndSkip', options), skip: true });
  return { y, skip };
}

function layerAttrs(op: string, options: LinearLayerOptions): LinearLayerAttrs {
  const { activation = 'none', dropout, residual } = options;
  const outputs = check(op, options, residual === undefined ? [] : [['residual', residual, 'T E']]);
  const random = dropoutAttrs(op, dropout);
  // The way back reads from y what the activation let through.
  if (activation !== 'none' && residual !== undefined)
    throw new UnsupportedError(
      `${op}: expected no residual after an activation; got activation '${activation}' and a residual; add it with tf.add`,
    );
  return { ...random, activation, sizes: [outputs], skip: false, epsilon: epsilonOf(op, options) };
}

/**
 * `y_i = (n w^T + b)[:, block i]` in one pass: a linear map whose result is used in blocks of columns, as
 * queries, keys and values.
 *
 * @param sizes widths of the blocks: positive integers, their sum is `E`.
 * @returns float32 `[T, sizes[i]]`, one a block.
 * @throws ShapeError, DTypeError, UnsupportedError for an epsilon that is not positive.
 */
export function linearBlocks(map: LinearMap, sizes: readonly number[]): tf.Tensor2D[] {
  return run(map, blocksAttrs('linearBlocks', map, sizes));
}

/**
 * {@link linearBlocks} and the rows that it reads, as {@link linearLayerAndSkip}.
 *
 * @returns blocks float32 `[T, sizes[i]]`, skip float32 `[T, D]`.
 * @throws as {@link linearBlocks}.
 */
export function linearBlocksAndSkip(
  map: LinearMap,
  sizes: readonly number[],
): AndSkip & { readonly blocks: readonly tf.Tensor2D[] } {
  const outputs = run(map, { ...blocksAttrs('linearBlocksAndSkip', map, sizes), skip: true });
  return { blocks: outputs.slice(0, -1), skip: outputs[sizes.length] };
}

function blocksAttrs(op: string, map: LinearMap, sizes: readonly number[]): LinearLayerAttrs {
  const problem = problemOfSizes(sizes, check(op, map, []));
  if (problem !== undefined) {
    throw new ShapeError(
      `${op}: expected w [E, D] and sizes of positive integers with the sum E; got w=${describe(map.w)}, sizes=[${sizes.join(', ')}]; ${problem}`,
    );
  }
  return { ...NO_DROPOUT, activation: 'none', sizes: [...sizes], skip: false, epsilon: epsilonOf(op, map) };
}

/** Of the norm; 0: none. */
function epsilonOf(op: string, { norm }: LinearMap): number {
  if (norm !== undefined && !(norm.epsilon > 0))
    throw new UnsupportedError(`${op}: expected a positive epsilon of the norm; got ${norm.epsilon}`);
  return norm?.epsilon ?? 0;
}

/** Returns E. */
function check(op: string, { x, w, b }: LinearMap, more: readonly Expected[]): number {
  const expected: Expected[] = [
    ['x', x, 'T D'],
    ['w', w, 'E D'],
  ];
  if (b !== undefined) expected.push(['b', b, 'E']);
  expected.push(...more);
  const { E: outputs } = assertShapes(op, expected);
  for (const [name, tensor] of expected) assertDType(tensor, 'float32', { op, name });
  return outputs;
}

function run({ x, w, b, residual }: LinearLayerOptions, attrs: LinearLayerAttrs): tf.Tensor2D[] {
  return tf.tidy(() => {
    const inputs = { x, w, b: b ?? absent(), residual: residual ?? absent() };
    return runKernel<tf.Tensor2D[]>(LinearLayer, inputs, attrs);
  });
}

registerGradientOnce({
  kernelName: LinearLayer,
  inputsToSave: ['x', 'w', 'b'],
  outputsToSave: [true],
  gradFunc: (dy, [x, w, b, y], attrs) => {
    const dys = [dy].flat();
    const inputs = Object.fromEntries(dys.map((each, i) => [`dy${i}`, each]));
    const [dx, dw, db] = runKernel<tf.Tensor[]>(LinearLayerGrad, { x, w, b, y, ...inputs }, attrs);
    return { x: () => dx, w: () => dw, b: () => db, residual: () => tf.clone(dys[0]) };
  },
});
