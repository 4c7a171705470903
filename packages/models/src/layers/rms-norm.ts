import { rmsNorm as normalize } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';

/** That of Llama's public code. */
const EPSILON = 1e-6;

/**
 * `y = x / sqrt(mean(x^2) + 1e-6) * gain` over the last axis, `x` `[T, D]`, `gain` `[D]`: root-mean-square norm. A
 * row of zeros stays zero.
 *
 * Source: Zhang & Sennrich 2019, eq. 4 (arXiv:1910.07467); epsilon as in Llama's public code unless given.
 */
export function rmsNorm(x: tf.Tensor2D, gain: tf.Tensor, epsilon = EPSILON): tf.Tensor2D {
  return tf.tidy(() => tf.mul(normalize(x, { epsilon }), gain) as tf.Tensor2D);
}

export interface RmsNormArgs extends LayerArgs {
  readonly embeddingDim: number;
  /** See {@link rmsNorm}. */
  readonly epsilon?: number;
}

/** {@link rmsNorm} as a layer with a gain of its own, which starts at one. Maps `[T, D]` to `[T, D]`. */
export class RmsNorm extends StreamLayer {
  static className = 'SeqrecRmsNorm';
  readonly embeddingDim: number;
  readonly epsilon: number | undefined;

  constructor(args: RmsNormArgs) {
    super(args);
    this.embeddingDim = args.embeddingDim;
    this.epsilon = args.epsilon;
  }

  protected weightSpecs(): WeightSpec[] {
    return [{ name: 'weight', shape: [this.embeddingDim], initialization: { kind: 'ones' } }];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return rmsNorm(inputList(inputs)[0] as tf.Tensor2D, this.weight('weight'), this.epsilon);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, epsilon } = this;
    return {
      ...super.getConfig(),
      embeddingDim,
      ...(epsilon === undefined ? {} : { epsilon }),
    } as tf.serialization.ConfigDict;
  }
}
tf.serialization.registerClass(RmsNorm);
