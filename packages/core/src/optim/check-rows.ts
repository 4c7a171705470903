import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { describe } from '../shapes.ts';

/** Rows of a table `[I, D]` with their gradients `[U, D]`. @throws ShapeError when they do not fit each other. */
export function checkRows(
  op: string,
  { shape }: { readonly shape: readonly [number, number] },
  ids: Int32Array,
  grad: tf.Tensor2D,
): void {
  const [rows, d] = shape;
  if (grad.shape.length !== 2 || grad.shape[0] !== ids.length || grad.shape[1] !== d) {
    throw new ShapeError(
      `${op}: expected a gradient [${ids.length}, ${d}] for ${ids.length} rows of a table [${rows}, ${d}]; got ${describe(grad)}`,
    );
  }
  for (let u = 0, last = -1; u < ids.length; last = ids[u++]) {
    if (ids[u] > last && ids[u] < rows) continue;
    throw new ShapeError(
      `${op}: expected strictly increasing ids from 0 to ${rows - 1}; got ${ids[u]} after ${last} at position ${u}; rowSet makes them`,
    );
  }
}
