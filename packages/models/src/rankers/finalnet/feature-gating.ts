import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';

export interface FeatureGatingArgs extends LayerArgs {
  /** `F`. */
  readonly fields: number;
  /** `d`. */
  readonly width: number;
}

/**
 * The vectors of the fields, and after them the vectors times gates, `[B, F d]` to `[B, 2 F d]`: `g_fk = sum_e W_fe
 * x_ek + b_f` for number `k` of field `f`. `W` `[F, F]` starts at zero, `b` at one: gates are open.
 *
 * Source: FuxiCTR's `FeatureGating` with the residual `concat`, as its `FinalNet` has it.
 */
export class FeatureGating extends StreamLayer {
  static className = 'SeqrecFeatureGating';
  readonly args: FeatureGatingArgs;

  constructor(args: FeatureGatingArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { fields } = this.args;
    return [
      { name: 'weight', shape: [fields, fields], initialization: { kind: 'zeros' } },
      { name: 'bias', shape: [fields], initialization: { kind: 'ones' } },
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.forward(inputList(inputs)[0] as tf.Tensor2D);
  }

  forward(x: tf.Tensor2D): tf.Tensor2D {
    const { fields, width } = this.args;
    return tf.tidy(() => {
      const rows = x.shape[0];
      const numbers = tf.transpose(tf.reshape(x, [rows, fields, width]), [0, 2, 1]);
      const flat = tf.reshape(numbers, [rows * width, fields]) as tf.Tensor2D;
      const gates = linearOutIn(flat, this.weight('weight') as tf.Tensor2D, this.weight('bias') as tf.Tensor1D);
      const byField = tf.transpose(tf.reshape(gates, [rows, width, fields]), [0, 2, 1]);
      return tf.concat2d([x, tf.mul(x, tf.reshape(byField, [rows, fields * width]))], 1);
    });
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], 2 * this.args.fields * this.args.width];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { fields, width } = this.args;
    return { ...super.getConfig(), fields, width };
  }
}
tf.serialization.registerClass(FeatureGating);
