import * as tf from '@tensorflow/tfjs-core';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';

export interface BilinearFusionArgs extends LayerArgs {
  /** `X` and `Y`, multiples of `heads`. */
  readonly xDim: number;
  readonly yDim: number;
  /** `L`. */
  readonly outputDim: number;
  readonly heads: number;
}

/**
 * `u_l x + a_l + v_l y + c_l + sum_h x_h^T W_hl y_h`, `[B, X]` and `[B, Y]` to `[B, L]`: both are cut into heads, which
 * have a matrix `W_hl` `[X / H, Y / H]` each. The weight `xy` is `[X, L Y / H]`, a label after the other in its
 * columns.
 *
 * Source: Mao et al. 2023 (arXiv:2304.00902), equations 7 to 9; FuxiCTR's `InteractionAggregation`.
 */
export class BilinearFusion extends StreamLayer {
  static className = 'SeqrecBilinearFusion';
  readonly args: BilinearFusionArgs;

  constructor(args: BilinearFusionArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { xDim, yDim, outputDim: labels, heads } = this.args;
    // As there: of a matrix of [X Y / heads, L], though it is kept in another shape.
    const standardDeviation = Math.sqrt(2 / ((xDim * yDim) / heads + labels));
    return [
      { name: 'x.weight', shape: [labels, xDim], initialization: { kind: 'xavier-normal' } },
      { name: 'x.bias', shape: [labels], initialization: { kind: 'zeros' } },
      { name: 'y.weight', shape: [labels, yDim], initialization: { kind: 'xavier-normal' } },
      { name: 'y.bias', shape: [labels], initialization: { kind: 'zeros' } },
      { name: 'xy', shape: [xDim, (labels * yDim) / heads], initialization: { kind: 'normal', standardDeviation } },
    ];
  }

  forward(x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D {
    const { outputDim: labels, heads } = this.args;
    const linear = (of: tf.Tensor2D, name: string): tf.Tensor2D =>
      linearOutIn(of, this.weight(`${name}.weight`) as tf.Tensor2D, this.weight(`${name}.bias`) as tf.Tensor1D);
    return tf.tidy(() => {
      const rows = x.shape[0];
      const [ofX, ofY] = [x, y].map((of) => blocks(of, heads, 1));
      const products = blocks(this.weight('xy') as tf.Tensor2D, heads, 0).map((w, h) => {
        const mapped = tf.reshape(tf.matMul(ofX[h], w), [rows, labels, ofY[h].shape[1]]);
        return tf.sum(tf.mul(mapped, tf.expandDims(ofY[h], 1)), 2) as tf.Tensor2D;
      });
      return tf.addN([linear(x, 'x'), linear(y, 'y'), ...products]) as tf.Tensor2D;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { xDim, yDim, outputDim, heads } = this.args;
    return { ...super.getConfig(), xDim, yDim, outputDim, heads };
  }
}
tf.serialization.registerClass(BilinearFusion);

/** Equal blocks along an axis. `tf.split` has no gradient for a single one. */
function blocks(x: tf.Tensor2D, count: number, axis: number): tf.Tensor2D[] {
  return count === 1 ? [x] : tf.split(x, count, axis);
}
