import * as tf from '@tensorflow/tfjs-core';
import { assertDType, assertShapes, type Expected } from '../shapes.ts';

/**
 * `y = x w + b`.
 *
 * @param x float32 `[T, D]`.
 * @param w float32 `[D, E]`.
 * @param b float32 `[E]`, optional.
 * @returns float32 `[T, E]`.
 * @throws ShapeError, DTypeError.
 */
export function linear(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor): tf.Tensor2D {
  const expected: Expected[] = [
    ['x', x, 'T D'],
    ['w', w, 'D E'],
  ];
  if (b !== undefined) expected.push(['b', b, 'E']);
  assertShapes('linear', expected);
  for (const [name, tensor] of expected) assertDType(tensor, 'float32', { op: 'linear', name });
  return tf.fused.matMul({ a: x as tf.Tensor2D, b: w as tf.Tensor2D, bias: b }) as tf.Tensor2D;
}
