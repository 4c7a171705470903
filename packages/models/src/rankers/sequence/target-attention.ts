import { causalAttention, linearLayer } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { oneEach } from '../../layers/attention.ts';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';

export interface TargetAttentionArgs extends LayerArgs {
  /** `W`. */
  readonly inputDim: number;
  /** `A`, of all heads together. */
  readonly attentionDim: number;
  readonly numHeads: number;
}

/** What stands for the logit of a key that is not seen. */
const HIDDEN = -1e9;

/**
 * The item asks events: `W_o [softmax((W_q c)_h (W_k x_j)_h / sqrt(A / H)) (W_v x_j)_h]_h`, no biases.
 *
 * Source: `MultiHeadTargetAttention` of FuxiCTR.
 */
export class TargetAttention extends StreamLayer {
  static className = 'SeqrecTargetAttention';
  readonly args: TargetAttentionArgs;

  constructor(args: TargetAttentionArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim, attentionDim } = this.args;
    const initialization = { kind: 'xavier-normal' } as const;
    return [
      { name: 'W_q.weight', shape: [attentionDim, inputDim], initialization },
      { name: 'W_k.weight', shape: [attentionDim, inputDim], initialization },
      { name: 'W_v.weight', shape: [attentionDim, inputDim], initialization },
      { name: 'W_o.weight', shape: [inputDim, attentionDim], initialization },
    ];
  }

  /**
   * Over packed events, zeros where there is none.
   *
   * @param items `[B, W]`; `events` `[T, W]`; `offsets` `[B + 1]`.
   * @returns `[B, W]`.
   */
  packed(items: tf.Tensor2D, events: tf.Tensor2D, offsets: Int32Array): tf.Tensor2D {
    const { attentionDim, numHeads } = this.args;
    const size = attentionDim / numHeads;
    return tf.tidy(() => {
      const heads = (name: string, x: tf.Tensor2D): tf.Tensor3D => tf.reshape(this.map(name, x), [-1, numHeads, size]);
      const attended = causalAttention({
        ...{ q: heads('W_q', items), k: heads('W_k', events), v: heads('W_v', events), offsets },
        ...{ queryOffsets: oneEach(items.shape[0]), sees: 'all', scale: 1 / Math.sqrt(size) },
      });
      return this.map('W_o', tf.reshape(attended, [-1, attentionDim]));
    });
  }

  /**
   * Over `M` places of each example.
   *
   * @param items `[B, W]`; `events` `[B M, W]`; `seen` `[B, M]`, 1 or 0. Where none is seen, all count alike.
   * @returns `[B, W]`.
   */
  places(items: tf.Tensor2D, events: tf.Tensor2D, seen: tf.Tensor2D): tf.Tensor2D {
    const { attentionDim, numHeads } = this.args;
    const size = attentionDim / numHeads;
    const [count, places] = seen.shape;
    return tf.tidy(() => {
      const q = tf.reshape(this.map('W_q', items), [count, 1, numHeads, size]);
      const shape = [count, places, numHeads, size];
      const [k, v] = ['W_k', 'W_v'].map((name) => tf.reshape(this.map(name, events), shape));
      const mask = tf.reshape(seen, [count, places, 1]);
      const logits = tf.mul(tf.sum(tf.mul(q, k), 3), 1 / Math.sqrt(size));
      const masked = tf.add(tf.mul(logits, mask), tf.mul(tf.sub(1, mask), HIDDEN));
      const shares = tf.softmax(tf.transpose(masked, [0, 2, 1]));
      const attended = tf.sum(tf.mul(tf.reshape(tf.transpose(shares, [0, 2, 1]), [count, places, numHeads, 1]), v), 1);
      return this.map('W_o', tf.reshape(attended, [count, attentionDim]));
    });
  }

  private map(name: string, x: tf.Tensor2D): tf.Tensor2D {
    return linearLayer({ x, w: this.weight(`${name}.weight`) as tf.Tensor2D });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, attentionDim, numHeads } = this.args;
    return { ...super.getConfig(), inputDim, attentionDim, numHeads };
  }
}
tf.serialization.registerClass(TargetAttention);
