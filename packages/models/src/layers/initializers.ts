import { assignRows, normals, streamKey, truncatedNormals, uniform01 } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { initializers } from '@tensorflow/tfjs-layers';

/**
 * How a weight starts. Fans follow PyTorch: for a weight `[out, in, ...kernel]`, `fanIn = in * kernel` and
 * `fanOut = out * kernel`.
 *
 * - `truncated-normal`: four normals per element, the first one inside two standard deviations is taken, the first
 *   one when none is (the reference's rule).
 * - `xavier-normal`: standard deviation `sqrt(2 / (fanIn + fanOut))`; `xavier-uniform`: limit
 *   `sqrt(6 / (fanIn + fanOut))`.
 * - `uniform`: in `[-limit, limit)`; PyTorch's default bias has `limit = 1 / sqrt(fanIn)`. `unit-uniform`: in
 *   `[0, 1)`.
 */
export type Initialization =
  | { readonly kind: 'zeros' | 'ones' | 'unit-uniform' | 'xavier-normal' | 'xavier-uniform' }
  | { readonly kind: 'truncated-normal' | 'normal'; readonly standardDeviation: number }
  | { readonly kind: 'uniform'; readonly limit: number };

/**
 * Names the random stream of one weight: `init/<name>`. Weights have streams of their own, so that
 * one never moves another.
 */
export interface WeightStream {
  readonly seed: number;
  readonly name: string;
}

/** The random stream of the initial values of a weight. */
export function weightStream(name: string): string {
  return `init/${name}`;
}

/** Elements of a block of a big table, a multiple of 4; larger weights are made block by block. */
const BLOCK_ELEMENTS = 2 ** 22;

/**
 * Values of a new weight; a pure function of its arguments.
 *
 * @param range elements `begin .. end - 1` only, row-major; `begin` is a multiple of 4. Default: all.
 */
export function initialValues(
  initialization: Initialization,
  shape: readonly number[],
  stream: WeightStream,
  range: { readonly begin: number; readonly end: number } = { begin: 0, end: elementsOf(shape) },
): Float32Array {
  const { begin } = range;
  const count = range.end - begin;
  const key = streamKey(stream.seed, weightStream(stream.name));
  switch (initialization.kind) {
    case 'zeros':
      return new Float32Array(count);
    case 'ones':
      return new Float32Array(count).fill(1);
    case 'normal':
      return scaled(normals(key, 0, count, begin), initialization.standardDeviation);
    case 'truncated-normal':
      return scaled(truncatedNormals(key, 0, count, begin), initialization.standardDeviation);
    case 'xavier-normal':
      return scaled(normals(key, 0, count, begin), Math.sqrt(2 / fanSum(shape)));
    case 'xavier-uniform':
      return scaled(symmetric(uniform01(key, 0, count, begin)), Math.sqrt(6 / fanSum(shape)));
    case 'unit-uniform':
      return Float32Array.from(uniform01(key, 0, count, begin));
    case 'uniform':
      return scaled(symmetric(uniform01(key, 0, count, begin)), initialization.limit);
  }
}

/** A new weight on the backend. A big table is filled block by block, so that no second copy of it is ever there. */
export function initialTensor(
  initialization: Initialization,
  shape: readonly number[],
  stream: WeightStream,
  blockElements = BLOCK_ELEMENTS,
): tf.Tensor {
  const sizes = [...shape];
  if (sizes.length !== 2 || elementsOf(sizes) <= blockElements) {
    return tf.tensor(initialValues(initialization, sizes, stream), sizes, 'float32');
  }
  const [rows, width] = sizes;
  // Four rows at a time, so that blocks begin at multiples of four.
  const step = 4 * Math.max(1, Math.floor(blockElements / (4 * width)));
  let table: tf.Tensor = tf.zeros(sizes);
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    const values = initialValues(initialization, sizes, stream, { begin: row * width, end: (row + count) * width });
    table = assignRows(table, tf.tensor2d(values, [count, width]), row);
  }
  return table;
}

let withoutValues = false;

/** Runs `make` so that weights are declared but get no values: one number stands for each. */
export function declareOnly<T>(make: () => T): T {
  withoutValues = true;
  try {
    return make();
  } finally {
    withoutValues = false;
  }
}

/** {@link initialValues} as a tfjs-layers initialiser. */
export class StreamInitializer extends tf.serialization.Serializable {
  static className = 'SeqrecStreamInitializer';
  readonly initialization: Initialization;
  readonly stream: WeightStream;

  constructor(config: { readonly initialization: Initialization; readonly stream: WeightStream }) {
    super();
    this.initialization = config.initialization;
    this.stream = config.stream;
  }

  fromConfigUsesCustomObjects(): boolean {
    return false;
  }

  apply(shape: (number | null)[]): tf.Tensor {
    const sizes = shape as number[];
    if (withoutValues) return tf.zeros([1]);
    return initialTensor(this.initialization, sizes, this.stream);
  }

  getConfig(): tf.serialization.ConfigDict {
    return { initialization: { ...this.initialization }, stream: { ...this.stream } };
  }
}
tf.serialization.registerClass(StreamInitializer);

/** The type that `Layer.addWeight` asks for; tfjs-layers does not export it by name. */
export type LayerInitializer = ReturnType<typeof initializers.zeros>;

/** Numbers in a tensor of a shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

function fanSum(shape: readonly number[]): number {
  const [out, into, ...kernel] = shape;
  return (out + into) * kernel.reduce((product, axis) => product * axis, 1);
}

function scaled(values: Float64Array, factor: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = values[i] * factor;
  return out;
}

function symmetric(values: Float64Array): Float64Array {
  return values.map((value) => 2 * value - 1);
}
