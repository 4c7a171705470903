import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';

export interface GatedCrossArgs extends LayerArgs {
  /** `D`. */
  readonly inputDim: number;
  readonly layers: number;
}

/**
 * The gated cross network, `[B, D]` to `[B, D]`: `x_{l+1} = x_0 * (W_l x_l + b_l) * sigmoid(G_l x_l) + x_l`. The gate
 * has no bias. Matrices are xavier-normal, `b` uniform in [0, 1).
 *
 * Source: Wang et al. 2023 (arXiv:2311.04635), equation 2; FuxiCTR's `GateCorssLayer`.
 */
export class GatedCross extends StreamLayer {
  static className = 'SeqrecGatedCross';
  readonly args: GatedCrossArgs;

  constructor(args: GatedCrossArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim: d, layers } = this.args;
    return Array.from({ length: layers }, (_, i): WeightSpec[] => [
      { name: `${i}.weight`, shape: [d, d], initialization: { kind: 'xavier-normal' } },
      { name: `${i}.bias`, shape: [d], initialization: { kind: 'unit-uniform' } },
      { name: `${i}.gate`, shape: [d, d], initialization: { kind: 'xavier-normal' } },
    ]).flat();
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.forward(inputList(inputs)[0] as tf.Tensor2D);
  }

  forward(x0: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      let x = x0;
      for (let i = 0; i < this.args.layers; i++) {
        const mapped = linearOutIn(
          x,
          this.weight(`${i}.weight`) as tf.Tensor2D,
          this.weight(`${i}.bias`) as tf.Tensor1D,
        );
        const gate = tf.sigmoid(linearOutIn(x, this.weight(`${i}.gate`) as tf.Tensor2D));
        x = tf.add(tf.mul(tf.mul(x0, mapped), gate), x);
      }
      return x;
    });
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, layers } = this.args;
    return { ...super.getConfig(), inputDim, layers };
  }
}
tf.serialization.registerClass(GatedCross);
