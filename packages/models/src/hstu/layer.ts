import {
  causalAttention,
  causalAttentionLast,
  gatedNorm,
  hstuAttention,
  hstuAttentionLast,
  layerNorm,
  siluSplit,
} from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  inputList,
  type LastRows,
  type LayerArgs,
  type Run,
  runOf,
  StreamLayer,
  type WeightSpec,
} from '../layers/layer.ts';
import { linearOutIn } from '../layers/linear.ts';
import type { HstuConfig } from './config.ts';

export interface HstuLayerArgs
  extends LayerArgs,
    Pick<
      HstuConfig,
      'embeddingDim' | 'numHeads' | 'dqk' | 'dv' | 'linearDropout' | 'relativeBias' | 'numTimeBuckets' | 'attention'
    > {
  /** `n`: constant normaliser and reach of the position bias. */
  readonly paddedLength: number;
}

const EPSILON = 1e-6;
const normed = (x: tf.Tensor2D): tf.Tensor2D => layerNorm(x, { epsilon: EPSILON }) as tf.Tensor2D;

/**
 * One HSTU block over packed tokens.
 *
 * ```
 * U, V, Q, K = split(silu(LN(X) W_uvqk))                 blocks of H*C, H*C, H*A, H*A columns, head-major
 * O = concat_h( silu(Q_h K_h^T + bias) / n, causal, V_h )
 * Y = dropout(U * LN(O)) W_o^T + b_o + X                 LN over all H*C columns, no affine part, epsilon 1e-6
 * ```
 *
 * Inputs: `[x [T, D], offsets int32 [B + 1]]`, and `queryTimes`, `keyTimes` int32 `[T]` (seconds) with the time bias.
 * Output `[T, D]`.
 *
 * Source: Zhai et al. 2024, eq. 1-3 (arXiv:2402.17152), in the form of the published research code.
 * Differs from the paper in: the normaliser `1/n` and the output bias `b_o`, which the formulas do not show.
 */
export class HstuLayer extends StreamLayer implements LastRows {
  static className = 'SeqrecHstuLayer';
  readonly args: HstuLayerArgs;

  constructor(args: HstuLayerArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { embeddingDim: d, numHeads: h, dqk, dv, paddedLength: n, numTimeBuckets, relativeBias } = this.args;
    const small = { kind: 'normal', standardDeviation: 0.02 } as const;
    const specs: WeightSpec[] = [{ name: 'uvqk', shape: [d, 2 * h * dv + 2 * h * dqk], initialization: small }];
    if (relativeBias === 'position-time')
      specs.push({ name: 'ts_w', shape: [numTimeBuckets + 1], initialization: small });
    if (relativeBias !== 'none') specs.push({ name: 'pos_w', shape: [2 * n - 1], initialization: small });
    specs.push({ name: 'o.weight', shape: [d, h * dv], initialization: { kind: 'xavier-uniform' } });
    specs.push({ name: 'o.bias', shape: [d], initialization: { kind: 'uniform', limit: 1 / Math.sqrt(h * dv) } });
    return specs;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x, offsets, queryTimes, keyTimes] = inputList(inputs) as [tf.Tensor2D, ...tf.Tensor1D[]];
    const run = runOf(kwargs);
    return tf.tidy(() => this.forward(x, offsets, { queryTimes, keyTimes }, run));
  }

  private forward(x: tf.Tensor2D, offsets: tf.Tensor1D, times: Times, run: Run): tf.Tensor2D {
    const { numHeads: h, dqk, dv } = this.args;
    const mixed = tf.matMul(normed(x), this.weight('uvqk') as tf.Tensor2D) as tf.Tensor2D;
    const [u, v, q, k] = siluSplit(mixed, [h * dv, h * dv, h * dqk, h * dqk]);
    const attended = this.attend({ q: this.heads(q), k: this.heads(k), v: this.heads(v) }, offsets, times);
    return this.project(u, attended, x, run);
  }

  /** U and Q of the last tokens, K and V of all. */
  last(inputs: readonly tf.Tensor[], rows: tf.Tensor1D): tf.Tensor2D {
    const [x, offsets, queryTimes, keyTimes] = inputs as [tf.Tensor2D, ...tf.Tensor1D[]];
    const { numHeads: h, embeddingDim: d, dqk, dv } = this.args;
    const weight = this.weight('uvqk') as tf.Tensor2D;
    return tf.tidy(() => {
      const all = normed(x);
      const [u, , q] = siluSplit(tf.matMul(tf.gather(all, rows), weight), [h * dv, h * dv, h * dqk, h * dqk]);
      const valueKey = tf.concat(
        [tf.slice(weight, [0, h * dv], [d, h * dv]), tf.slice(weight, [0, 2 * h * dv + h * dqk], [d, h * dqk])],
        1,
      );
      const [v, k] = siluSplit(tf.matMul(all, valueKey), [h * dv, h * dqk]);
      const times = queryTimes === undefined ? {} : { queryTimes: tf.gather(queryTimes, rows), keyTimes };
      const heads = { q: this.heads(q), k: this.heads(k), v: this.heads(v) };
      const attended = this.attend(heads, offsets, times as Times, true);
      return this.project(u, attended, tf.gather(x, rows), { training: false, step: 0, seed: 0 });
    });
  }

  /** `[rows, H W]` as `[rows, H, W]`. */
  private heads(x: tf.Tensor): tf.Tensor3D {
    const { numHeads } = this.args;
    return tf.reshape(x, [-1, numHeads, (x.shape[1] as number) / numHeads]);
  }

  /** From the attention to the block's output. */
  private project(u: tf.Tensor, attended: tf.Tensor3D, x: tf.Tensor2D, run: Run): tf.Tensor2D {
    const { numHeads: h, dv, linearDropout } = this.args;
    const dropout = this.dropOptions(linearDropout, 'linear', run);
    const projected = linearOutIn(
      gatedNorm(u as tf.Tensor2D, tf.reshape(attended, [-1, h * dv]) as tf.Tensor2D, { epsilon: EPSILON, dropout }),
      this.weight('o.weight') as tf.Tensor2D,
      this.weight('o.bias') as tf.Tensor1D,
    );
    return tf.add(projected, x);
  }

  private attend(heads: Heads, offsets: tf.Tensor1D, times: Times, last = false): tf.Tensor3D {
    const { attention, dqk, paddedLength, relativeBias } = this.args;
    if (attention === 'softmax') {
      return (last ? causalAttentionLast : causalAttention)({ ...heads, offsets, scale: 1 / Math.sqrt(dqk) });
    }
    const attend = last ? hstuAttentionLast : hstuAttention;
    if (relativeBias === 'none') return attend({ ...heads, offsets, normalizer: paddedLength });
    const positionWeights = this.weight('pos_w') as tf.Tensor1D;
    if (relativeBias === 'position') {
      return attend({ ...heads, offsets, normalizer: paddedLength, bias: { positionWeights } });
    }
    const time = { timeWeights: this.weight('ts_w') as tf.Tensor1D, ...times };
    return attend({ ...heads, offsets, normalizer: paddedLength, bias: { positionWeights, time } });
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, numHeads, dqk, dv, linearDropout, relativeBias, numTimeBuckets, attention } = this.args;
    const { paddedLength } = this.args;
    const own = { embeddingDim, numHeads, dqk, dv, linearDropout, relativeBias, numTimeBuckets, attention };
    return { ...super.getConfig(), ...own, paddedLength };
  }
}
tf.serialization.registerClass(HstuLayer);

interface Heads {
  readonly q: tf.Tensor3D;
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
}

interface Times {
  readonly queryTimes: tf.Tensor1D;
  readonly keyTimes: tf.Tensor1D;
}
