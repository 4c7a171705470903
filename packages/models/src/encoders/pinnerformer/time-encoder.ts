import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import type { TimeFeatures } from './time-features.ts';

export interface TimeEncoderArgs extends LayerArgs {
  /** `P`. */
  readonly numPeriods: number;
}

/**
 * Encodes a time by fixed periods and learned phases, `2 P + 1` columns:
 * `[cos(2 pi t / p_i + phase_i)]_i, [sin(2 pi t / p_i + phase'_i)]_i, ln(max(t, 1)) / ln p_P`. Phases
 * start uniform in a full turn.
 *
 * Inputs: `[cosine [T, P], sine [T, P], logarithm [T, 1]]` of {@link TimeFeatures}. Output `[T, 2 P + 1]`.
 *
 * Source: Pancha et al. 2022, appendix A.1 (arXiv:2205.04507). Differs from the paper in: cosines stand before sines
 * instead of beside them; the logarithm has a floor, and its unit is that of the longest period.
 */
export class TimeEncoder extends StreamLayer {
  static className = 'SeqrecTimeEncoder';
  readonly args: TimeEncoderArgs;

  constructor(args: TimeEncoderArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { numPeriods } = this.args;
    return [{ name: 'phase', shape: [2 * numPeriods], initialization: { kind: 'uniform', limit: Math.PI } }];
  }

  /** The layer on features of the host. */
  encode({ cosine, sine, logarithm }: TimeFeatures): tf.Tensor2D {
    const { numPeriods } = this.args;
    const tokens = logarithm.length;
    return tf.tidy(() => {
      const matrices = [
        tf.tensor2d(cosine, [tokens, numPeriods]),
        tf.tensor2d(sine, [tokens, numPeriods]),
        tf.tensor2d(logarithm, [tokens, 1]),
      ];
      return this.apply(matrices) as tf.Tensor2D;
    });
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [cosine, sine, logarithm] = inputList(inputs) as tf.Tensor2D[];
    return tf.tidy(() => {
      const [first, second] = tf.split(this.weight('phase'), 2);
      const cosines = tf.sub(tf.mul(cosine, tf.cos(first)), tf.mul(sine, tf.sin(first)));
      const sines = tf.add(tf.mul(sine, tf.cos(second)), tf.mul(cosine, tf.sin(second)));
      return tf.concat([cosines, sines, logarithm], 1);
    });
  }

  override computeOutputShape(inputShape: (number | null)[][]): (number | null)[] {
    return [inputShape[0][0], 2 * this.args.numPeriods + 1];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), numPeriods: this.args.numPeriods };
  }
}
tf.serialization.registerClass(TimeEncoder);
