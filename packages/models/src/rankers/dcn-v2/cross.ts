import { linearLayer } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';
import type { CrossForm } from './config.ts';

export interface CrossNetworkArgs extends LayerArgs {
  /** `D`. */
  readonly inputDim: number;
  readonly layers: number;
  readonly form: CrossForm;
  /** Of `low-rank` and `mixture`, `r`. */
  readonly rank: number;
  /** Of `mixture`, `K`. */
  readonly experts: number;
}

/**
 * The cross network: `x_{l+1} = x_0 * (z_l + b_l) + x_l`, `[B, D]` to `[B, D]`.
 *
 * ```
 * full       z_l = W_l x_l
 * low-rank   z_l = U_l V_l^T x_l
 * mixture    z_l = sum_k g_k(x_l) U_lk tanh(C_lk tanh(V_lk^T x_l)),   g = softmax(G x_l), G shared by all layers
 * ```
 *
 * The gates sum to one, so that the bias is outside of the mixture. Xavier-normal, biases zero.
 *
 * Source: Wang et al. 2021 (arXiv:2008.13535), equations 1 to 4.
 */
export class CrossNetwork extends StreamLayer {
  static className = 'SeqrecCrossNetwork';
  readonly args: CrossNetworkArgs;

  constructor(args: CrossNetworkArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim: d, layers, form, rank: r, experts: k } = this.args;
    const matrix = (name: string, ...shape: number[]): WeightSpec => ({
      name,
      shape,
      initialization: { kind: 'xavier-normal' },
    });
    const ofForm: Readonly<Record<CrossForm, (i: number) => WeightSpec[]>> = {
      full: (i) => [matrix(`${i}.weight`, d, d)],
      'low-rank': (i) => [matrix(`${i}.u`, d, r), matrix(`${i}.v`, r, d)],
      mixture: (i) => [matrix(`${i}.u`, k, d, r), matrix(`${i}.v`, k, d, r), matrix(`${i}.c`, k, r, r)],
    };
    const own = Array.from({ length: layers }, (_, i) => [
      ...ofForm[form](i),
      { name: `${i}.bias`, shape: [d], initialization: { kind: 'zeros' } } as const,
    ]).flat();
    return form === 'mixture' ? [matrix('gates', k, d), ...own] : own;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.forward(inputList(inputs)[0] as tf.Tensor2D);
  }

  forward(x0: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      let x = x0;
      for (let i = 0; i < this.args.layers; i++) x = tf.add(tf.mul(x0, this.mapped(i, x)), x);
      return x;
    });
  }

  /** `z_i + b_i`. */
  private mapped(i: number, x: tf.Tensor2D): tf.Tensor2D {
    const weight = (name: string): tf.Tensor2D => this.weight(`${i}.${name}`) as tf.Tensor2D;
    const b = this.weight(`${i}.bias`) as tf.Tensor1D;
    switch (this.args.form) {
      case 'full':
        return linearOutIn(x, weight('weight'), b);
      case 'low-rank':
        return linearOutIn(linearOutIn(x, weight('v')), weight('u'), b);
      case 'mixture':
        return this.mixed(i, x, b);
    }
  }

  /** The gated vectors of all experts side by side, then one map back to `D`. */
  private mixed(i: number, x: tf.Tensor2D, b: tf.Tensor1D): tf.Tensor2D {
    const { inputDim: d, rank: r, experts: k } = this.args;
    const narrow = tf.reshape(tf.transpose(this.weight(`${i}.v`), [0, 2, 1]), [k * r, d]) as tf.Tensor2D;
    const wide = tf.reshape(tf.transpose(this.weight(`${i}.u`), [1, 0, 2]), [d, k * r]) as tf.Tensor2D;
    const gates = blocks(tf.softmax(linearOutIn(x, this.weight('gates') as tf.Tensor2D)), k, 1);
    const ofExperts = blocks(tf.tanh(linearOutIn(x, narrow)), k, 1) as tf.Tensor2D[];
    const inner = blocks(this.weight(`${i}.c`), k, 0);
    const gated = ofExperts.map((rows, expert) => {
      const c = tf.reshape(inner[expert], [r, r]) as tf.Tensor2D;
      return tf.mul(tf.tanh(linearOutIn(rows, c)), gates[expert]) as tf.Tensor2D;
    });
    return linearLayer({ x: k === 1 ? gated[0] : tf.concat2d(gated, 1), w: wide, b });
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, layers, form, rank, experts } = this.args;
    return { ...super.getConfig(), inputDim, layers, form, rank, experts };
  }
}
tf.serialization.registerClass(CrossNetwork);

/** Equal blocks along an axis. `tf.split` has no gradient for a single one. */
function blocks(x: tf.Tensor, count: number, axis: number): tf.Tensor[] {
  return count === 1 ? [x] : tf.split(x, count, axis);
}
