import { normals, streamKey, uniform01 } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { initializers } from '@tensorflow/tfjs-layers';

/**
 * How a weight starts. Fans follow PyTorch: for a weight `[out, in, ...kernel]`, `fanIn = in * kernel` and
 * `fanOut = out * kernel`.
 *
 * - `truncated-normal`: four normals per element, the first one inside two standard deviations is taken, the first one when
 *   none is (the reference's rule).
 * - `xavier-normal`: standard deviation `sqrt(2 / (fanIn + fanOut))`; `xavier-uniform`: limit `sqrt(6 / (fanIn + fanOut))`.
 * - `uniform`: in `[-limit, limit)`; PyTorch's default bias has `limit = 1 / sqrt(fanIn)`.
 */
export type Initialization =
  | { readonly kind: 'zeros' | 'ones' | 'xavier-normal' | 'xavier-uniform' }
  | { readonly kind: 'truncated-normal' | 'normal'; readonly standardDeviation: number }
  | { readonly kind: 'uniform'; readonly limit: number };

/** Names the random stream of one weight: `init/<name>`. Weights have streams of their own, so that one never moves another. */
export interface WeightStream {
  readonly seed: number;
  readonly name: string;
}

const CANDIDATES = 4;

/** Values of a new weight; a pure function of its arguments. */
export function initialValues(
  initialization: Initialization,
  shape: readonly number[],
  stream: WeightStream,
): Float32Array {
  const count = shape.reduce((product, axis) => product * axis, 1);
  const key = streamKey(stream.seed, `init/${stream.name}`);
  switch (initialization.kind) {
    case 'zeros':
      return new Float32Array(count);
    case 'ones':
      return new Float32Array(count).fill(1);
    case 'normal':
      return scaled(normals(key, 0, count), initialization.standardDeviation);
    case 'truncated-normal':
      return scaled(truncatedNormals(normals(key, 0, count * CANDIDATES), count), initialization.standardDeviation);
    case 'xavier-normal':
      return scaled(normals(key, 0, count), Math.sqrt(2 / fanSum(shape)));
    case 'xavier-uniform':
      return scaled(symmetric(uniform01(key, 0, count)), Math.sqrt(6 / fanSum(shape)));
    case 'uniform':
      return scaled(symmetric(uniform01(key, 0, count)), initialization.limit);
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
    return tf.tensor(initialValues(this.initialization, sizes, this.stream), sizes, 'float32');
  }

  getConfig(): tf.serialization.ConfigDict {
    return { initialization: { ...this.initialization }, stream: { ...this.stream } };
  }
}
tf.serialization.registerClass(StreamInitializer);

/** The type that `Layer.addWeight` asks for; tfjs-layers does not export it by name. */
export type LayerInitializer = ReturnType<typeof initializers.zeros>;

function fanSum(shape: readonly number[]): number {
  const [out, into, ...kernel] = shape;
  return (out + into) * kernel.reduce((product, axis) => product * axis, 1);
}

function scaled(values: Float64Array, factor: number): Float32Array {
  return Float32Array.from(values, (value) => value * factor);
}

function symmetric(values: Float64Array): Float64Array {
  return values.map((value) => 2 * value - 1);
}

function truncatedNormals(candidates: Float64Array, count: number): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const first = i * CANDIDATES;
    let chosen = candidates[first];
    for (let j = first; j < first + CANDIDATES; j++) {
      if (Math.abs(candidates[j]) < 2) {
        chosen = candidates[j];
        break;
      }
    }
    out[i] = chosen;
  }
  return out;
}
