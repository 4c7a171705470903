import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors.ts';
import { hostKernel } from './kernel.ts';

/** Largest output, in elements, that is accumulated in double precision. */
const DOUBLE_LIMIT = 1 << 20;

interface HostBackend extends tf.KernelBackend {
  readSync(dataId: tf.DataId): tf.TypedArray;
  write(values: tf.TypedArray, shape: number[], dtype: tf.DataType): tf.DataId;
}

/**
 * The shape of the ids must begin that of x: another would read rows that are not there, or leave some out.
 * @throws ShapeError when it does not.
 */
export function checkSegments(x: tf.TensorInfo, segmentIds: tf.TensorInfo): void {
  if (segmentIds.shape.length <= x.shape.length && segmentIds.shape.every((d, i) => d === x.shape[i])) return;
  throw new ShapeError(
    `unsortedSegmentSum: expected one segment id for each row of x; got ids [${segmentIds.shape}] and x [${x.shape}]; the shape of x begins with that of the ids`,
  );
}

/**
 * `UnsortedSegmentSum` in one pass over the rows: `out[ids[t]] += x[t]`, negative ids are dropped.
 *
 * The stock kernel of `cpu` compares every row with every segment (seconds for a vocabulary of 2000), `wasm` has
 * none. It is the gradient of an embedding lookup, so without it nothing trains on either.
 */
export const segmentSum = hostKernel('UnsortedSegmentSum', ({ inputs, attrs, backend }) => {
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const { numSegments } = attrs as { numSegments: number };
  checkSegments(x, segmentIds);
  const host = backend as HostBackend;
  const values = host.readSync(x.dataId);
  const ids = host.readSync(segmentIds.dataId) as Int32Array;
  const idRank = segmentIds.shape.length;
  const rowShape = x.shape.slice(idRank);
  const width = tf.util.sizeFromShape(rowShape);
  const size = numSegments * width;
  // Bias tables receive up to millions of rows per segment: sum those in double precision.
  const out =
    x.dtype === 'int32' ? new Int32Array(size) : size <= DOUBLE_LIMIT ? new Float64Array(size) : new Float32Array(size);
  for (let t = 0; t < ids.length; t++) {
    const segment = ids[t];
    if (segment < 0 || segment >= numSegments) continue;
    const from = t * width;
    const to = segment * width;
    for (let c = 0; c < width; c++) out[to + c] += values[from + c];
  }
  const shape = [numSegments, ...rowShape];
  const result = out instanceof Float64Array ? Float32Array.from(out) : out;
  return { dataId: host.write(result, shape, x.dtype), shape, dtype: x.dtype };
});
