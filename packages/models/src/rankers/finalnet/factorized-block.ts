import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, type Run, runOf, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';

export interface FactorizedBlockArgs extends LayerArgs {
  readonly inputDim: number;
  /** Even where `residual` is `concat`. */
  readonly hiddenSizes: readonly number[];
  readonly residual: 'concat' | 'sum';
  readonly activation: 'linear' | 'relu';
  /** After each layer. */
  readonly dropout: number;
}

/**
 * Layers that multiply two linear maps of what they read, `[B, inputDim]` to the last of `hiddenSizes`:
 *
 * ```
 * [p ; q] = W x + b
 * concat   h = [p ; p * q]         W [E, in]
 * sum      h = p + p * q           W [2 E, in]
 * x' = drop(act(h))
 * ```
 *
 * Source: Zhu et al. 2023 (doi:10.1145/3539618.3591988); FuxiCTR's `FactorizedInteraction`.
 */
export class FactorizedBlock extends StreamLayer {
  static className = 'SeqrecFactorizedBlock';
  readonly args: FactorizedBlockArgs;

  constructor(args: FactorizedBlockArgs) {
    super(args);
    this.args = args;
  }

  /** Width of what it makes. */
  get width(): number {
    return this.args.hiddenSizes[this.args.hiddenSizes.length - 1];
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim, hiddenSizes, residual } = this.args;
    const inputs = [inputDim, ...hiddenSizes];
    return hiddenSizes.flatMap((size, i): WeightSpec[] => {
      const out = residual === 'sum' ? 2 * size : size;
      return [
        { name: `${i}.weight`, shape: [out, inputs[i]], initialization: { kind: 'xavier-normal' } },
        { name: `${i}.bias`, shape: [out], initialization: { kind: 'zeros' } },
      ];
    });
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    return this.forward(inputList(inputs)[0] as tf.Tensor2D, runOf(kwargs));
  }

  forward(x: tf.Tensor2D, run: Run): tf.Tensor2D {
    const { hiddenSizes, residual, activation, dropout } = this.args;
    return tf.tidy(() =>
      hiddenSizes.reduce((rows, _, i) => {
        const [w, b] = [this.weight(`${i}.weight`) as tf.Tensor2D, this.weight(`${i}.bias`) as tf.Tensor1D];
        const [p, q] = tf.split(linearOutIn(rows, w, b), 2, 1) as tf.Tensor2D[];
        const product = tf.mul(p, q) as tf.Tensor2D;
        const h = residual === 'sum' ? (tf.add(p, product) as tf.Tensor2D) : tf.concat2d([p, product], 1);
        return this.drop(activation === 'relu' ? tf.relu(h) : h, dropout, `${i}`, run);
      }, x),
    );
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], this.width];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, hiddenSizes, residual, activation, dropout } = this.args;
    return { ...super.getConfig(), inputDim, hiddenSizes: [...hiddenSizes], residual, activation, dropout };
  }
}
tf.serialization.registerClass(FactorizedBlock);
