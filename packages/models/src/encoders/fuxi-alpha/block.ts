import { hstuAttention, linearLayer, rmsNorm, silu, siluSplit } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, type Run, runOf, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { smallStart } from '../../layers/small-start.ts';
import { weighted } from './attention.ts';
import { type Channel, channelsOf } from './channels.ts';
import type { FuxiAlphaConfig } from './config.ts';

export interface FuxiAlphaBlockArgs
  extends LayerArgs,
    Pick<
      FuxiAlphaConfig,
      | 'embeddingDim'
      | 'numHeads'
      | 'dqk'
      | 'dv'
      | 'channels'
      | 'numTimeBuckets'
      | 'multistage'
      | 'linearDropout'
      | 'initialStd'
    > {
  readonly ffnDim: number;
  /** `n`: constant normaliser of the content channel and reach of the position channel. */
  readonly paddedLength: number;
}

const EPSILON = 1e-6;

/**
 * One FuXi-alpha block over packed tokens, M the number of channels:
 *
 * ```
 * U, V, Q, K = split(silu(RMS(X) W_uvqk))          blocks of M*H*C, H*C, H*A, H*A columns, head-major
 * O_h = [P V_h, T V_h, silu(Q_h K_h^T) V_h / n]    causal; P_ij = pos_w[j - i], T_ij = ts_w[bucket(t_i - t_j)]
 * Z = X + drop(U * RMS(concat_h O_h)) W_0^T + b_0
 * Y = Z + (silu(N W_1^T) * (N W_3^T)) W_2^T,  N = drop(RMS(Z))
 * ```
 *
 * Norms have no gain and epsilon 1e-6. Inputs: `[x [T, D], offsets int32 [B + 1]]`, and `queryTimes`, `keyTimes`
 * int32 `[T]` (seconds) with the time channel. Output `[T, D]`.
 *
 * Source: Ye et al. 2025, section 3 (arXiv:2502.03036), in the form of the public code, `FuXiBlockJagged`.
 */
export class FuxiAlphaBlock extends StreamLayer {
  static className = 'SeqrecFuxiAlphaBlock';
  readonly args: FuxiAlphaBlockArgs;
  private readonly channels: readonly Channel[];

  constructor(args: FuxiAlphaBlockArgs) {
    super(args);
    this.args = args;
    this.channels = channelsOf(args.channels);
  }

  /** Widths of U, V, and with the content channel Q, K. */
  private sizes(): number[] {
    const { numHeads: h, dqk, dv } = this.args;
    const keys = this.channels.includes('content') ? [h * dqk, h * dqk] : [];
    return [this.channels.length * h * dv, h * dv, ...keys];
  }

  protected weightSpecs(): WeightSpec[] {
    const { embeddingDim: d, ffnDim, numHeads: h, dv, paddedLength: n, numTimeBuckets, multistage } = this.args;
    const start = smallStart(this.args.initialStd);
    const small = { kind: 'normal', standardDeviation: 0.02 } as const;
    const sizes = this.sizes();
    const columns = sizes.reduce((sum, size) => sum + size, 0);
    const read = this.channels.length * h * dv;
    const map = (name: string, out: number, into: number): WeightSpec => ({
      name,
      shape: [out, into],
      initialization: start.map ?? { kind: 'xavier-uniform' },
    });
    return [
      { name: 'uvqk', shape: [d, columns], initialization: small, blocks: { axis: 1, sizes }, isInOut: true },
      ...(this.channels.includes('time')
        ? [{ name: 'ts_w', shape: [numTimeBuckets + 1], initialization: small } as const]
        : []),
      ...(this.channels.includes('position')
        ? [{ name: 'pos_w', shape: [2 * n - 1], initialization: small } as const]
        : []),
      map('lin0.weight', d, read),
      { name: 'lin0.bias', shape: [d], initialization: start.bias ?? { kind: 'uniform', limit: 1 / Math.sqrt(read) } },
      ...(multistage
        ? [map('lin1.weight', ffnDim, d), map('lin2.weight', d, ffnDim), map('lin3.weight', ffnDim, d)]
        : []),
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x, offsets, queryTimes, keyTimes] = inputList(inputs) as [tf.Tensor2D, ...tf.Tensor1D[]];
    const run = runOf(kwargs);
    return tf.tidy(() => {
      const mixed = tf.matMul(rmsNorm(x, { epsilon: EPSILON }), this.weight('uvqk') as tf.Tensor2D) as tf.Tensor2D;
      const [u, ...rest] = siluSplit(mixed, this.sizes());
      const attended = this.attend(rest, offsets, { queryTimes, keyTimes }, run);
      const gated = tf.mul(u, rmsNorm(attended, { epsilon: EPSILON })) as tf.Tensor2D;
      const { linearDropout, multistage } = this.args;
      const w = this.weight('lin0.weight') as tf.Tensor2D;
      const b = this.weight('lin0.bias') as tf.Tensor1D;
      const z = linearLayer({ x: this.drop(gated, linearDropout, 'lin0', run), w, b, residual: x });
      return multistage ? this.secondStage(z, run) : z;
    });
  }

  /** All channels of a head side by side, heads one after another: `[T, M H C]`. */
  private attend([v, q, k]: readonly tf.Tensor2D[], offsets: tf.Tensor1D, times: Times, run: Run): tf.Tensor2D {
    const { numHeads: h, dv, paddedLength } = this.args;
    const rows = v.shape[0];
    const heads = (y: tf.Tensor): tf.Tensor3D => tf.reshape(y, [rows, h, (y.shape[1] as number) / h]);
    // Keys that nobody reads, for whoever keeps keys and values.
    const all = { k: k === undefined ? tf.zeros<tf.Rank.R3>([rows, h, 1]) : heads(k), v: heads(v), offsets };
    const { k: keys, ...asked } = run.memory?.keys(this.stream, all) ?? all;
    const made: Record<Channel, () => tf.Tensor3D> = {
      position: () => weighted({ ...asked, rows }, { positionWeights: this.weight('pos_w') }),
      time: () => {
        const positionWeights = tf.zeros([2 * paddedLength - 1]);
        return weighted({ ...asked, rows }, { positionWeights, time: { timeWeights: this.weight('ts_w'), ...times } });
      },
      content: () => hstuAttention({ ...asked, q: heads(q), k: keys, normalizer: paddedLength }),
    };
    const outputs = this.channels.map((channel) => made[channel]());
    return tf.reshape(tf.concat(outputs, 2), [rows, this.channels.length * h * dv]);
  }

  private secondStage(z: tf.Tensor2D, run: Run): tf.Tensor2D {
    const x = this.drop(rmsNorm(z, { epsilon: EPSILON }), this.args.linearDropout, 'ffn', run);
    const map = (name: string): tf.Tensor2D => this.weight(`${name}.weight`) as tf.Tensor2D;
    const hidden = tf.mul(silu(linearLayer({ x, w: map('lin1') })), linearLayer({ x, w: map('lin3') })) as tf.Tensor2D;
    return linearLayer({ x: hidden, w: map('lin2'), residual: z });
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, numHeads, dqk, dv, channels, numTimeBuckets, multistage, ...rest } = this.args;
    const { linearDropout, ffnDim, paddedLength, initialStd } = rest;
    const own = { embeddingDim, numHeads, dqk, dv, channels, numTimeBuckets, multistage };
    return {
      ...super.getConfig(),
      ...{ ...own, linearDropout, ffnDim, paddedLength },
      ...(initialStd === undefined ? {} : { initialStd }),
    };
  }
}
tf.serialization.registerClass(FuxiAlphaBlock);

interface Times {
  readonly queryTimes: tf.Tensor1D;
  readonly keyTimes: tf.Tensor1D;
}
