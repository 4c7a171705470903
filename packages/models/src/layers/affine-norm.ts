import { layerNorm } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { StreamLayer, WeightSpec } from './layer.ts';

/** The epsilon of `torch.nn.LayerNorm`. */
const EPSILON = 1e-5;

/** The weights of {@link affineNorm}: `<name>.weight`, ones, and `<name>.bias`, zeros, `[D]` each. */
export function affineNormSpecs(name: string, width: number): WeightSpec[] {
  return [
    { name: `${name}.weight`, shape: [width], initialization: { kind: 'ones' } },
    { name: `${name}.bias`, shape: [width], initialization: { kind: 'zeros' } },
  ];
}

/** `layerNorm(x) * weight + bias` over the last axis, with the weights `<name>.*` of a layer. */
export function affineNorm<T extends tf.Tensor>(x: T, layer: StreamLayer, name: string, epsilon = EPSILON): T {
  const scaled = tf.mul(layerNorm(x, { epsilon }), layer.weight(`${name}.weight`));
  return tf.add(scaled, layer.weight(`${name}.bias`)) as T;
}
