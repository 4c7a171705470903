import * as tf from '@tensorflow/tfjs-core';
import { affineNorm, affineNormSpecs } from '../../layers/affine-norm.ts';
import { inputList, type LayerArgs, type Run, runOf, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';

export interface CrossBranchArgs extends LayerArgs {
  /** `D`, even. */
  readonly inputDim: number;
  readonly layers: number;
  /** What a layer multiplies: `exponential` its own input, `linear` that of the first layer. */
  readonly form: 'exponential' | 'linear';
  readonly layerNorm: boolean;
  /** After each layer. */
  readonly dropout: number;
}

/**
 * A cross branch, `[R, D]` to `[R, D]`:
 *
 * ```
 * h = W_l x_l                                     W [D/2, D]
 * c = [h ; h * relu(LN(h))]                       without layerNorm: relu(h)
 * x_{l+1} = drop(u * (c + b_l) + x_l)             u = x_l (exponential), x_0 (linear)
 * ```
 *
 * `W` is xavier-normal, `b` uniform in [0, 1); the layer norm has weights and epsilon 1e-5.
 *
 * Source: Li et al. 2024 (arXiv:2407.13349), ECN and LCN; salmon1802/FCN at 1835ffe.
 */
export class CrossBranch extends StreamLayer {
  static className = 'SeqrecCrossBranch';
  readonly args: CrossBranchArgs;

  constructor(args: CrossBranchArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim: d, layers, layerNorm } = this.args;
    return Array.from({ length: layers }, (_, i): WeightSpec[] => [
      { name: `${i}.weight`, shape: [d / 2, d], initialization: { kind: 'xavier-normal' } },
      { name: `${i}.bias`, shape: [d], initialization: { kind: 'unit-uniform' } },
      ...(layerNorm ? affineNormSpecs(`${i}.norm`, d / 2) : []),
    ]).flat();
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    return this.forward(inputList(inputs)[0] as tf.Tensor2D, runOf(kwargs));
  }

  forward(x0: tf.Tensor2D, run: Run): tf.Tensor2D {
    const { layers, form, layerNorm, dropout } = this.args;
    return tf.tidy(() => {
      let x = x0;
      for (let i = 0; i < layers; i++) {
        const h = linearOutIn(x, this.weight(`${i}.weight`) as tf.Tensor2D);
        const mask = tf.relu(layerNorm ? affineNorm(h, this, `${i}.norm`) : h);
        const c = tf.add(tf.concat2d([h, tf.mul(h, mask)], 1), this.weight(`${i}.bias`));
        x = this.drop(tf.add(tf.mul(form === 'linear' ? x0 : x, c), x) as tf.Tensor2D, dropout, `${i}`, run);
      }
      return x;
    });
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, layers, form, layerNorm, dropout } = this.args;
    return { ...super.getConfig(), inputDim, layers, form, layerNorm, dropout };
  }
}
tf.serialization.registerClass(CrossBranch);
