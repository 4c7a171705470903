import { l2Normalize } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';

const FLOOR = 1e-6;

/**
 * `y = sqrt(D) x / max(||x||, 1e-6) * gain` over the last axis, `x` `[T, D]`, `gain` `[D]`: root-mean-square norm.
 *
 * Source: Zhang & Sennrich 2019, eq. 4 (arXiv:1910.07467). Differs from common code in: a floor under the norm where
 * others add an epsilon to the mean square.
 *
 * @param epsilon added to the mean square, in the place of the floor, where it is given: `x / sqrt(mean x^2 + epsilon) * gain`
 */
export function rmsNorm(x: tf.Tensor2D, gain: tf.Tensor, epsilon?: number): tf.Tensor2D {
  return tf.tidy(() => {
    if (epsilon !== undefined) {
      const meanSquare = tf.mean(tf.square(x), 1, true);
      return tf.mul(tf.div(x, tf.sqrt(tf.add(meanSquare, epsilon))), gain) as tf.Tensor2D;
    }
    const unit = l2Normalize(x, { epsilon: FLOOR });
    return tf.mul(unit, tf.mul(gain, Math.sqrt(x.shape[1]))) as tf.Tensor2D;
  });
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
