import { causalAttention, linearBlocks, linearLayer } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { affineNorm, affineNormSpecs } from './affine-norm.ts';
import { attentionWeights } from './attention.ts';
import { type LayerArgs, type Run, StreamLayer, type WeightSpec } from './layer.ts';

export interface EncoderLayerArgs extends LayerArgs {
  readonly width: number;
  readonly numHeads: number;
  /** Width of the hidden layer of the feed-forward part. */
  readonly hiddenDim: number;
  readonly activation: 'relu' | 'leaky-relu';
  /** After attention and after the feed-forward part. */
  readonly dropout: number;
}

/** Packed rows of some sequences, and which of them are seen. */
export interface EncoderRows {
  /** `[Q, D]`. */
  readonly x: tf.Tensor2D;
  /** `[B + 1]`. */
  readonly offsets: Int32Array;
  /** The rows that are seen, of each sequence in their order, with offsets of their own; default: all. */
  readonly seen?: { readonly rows: Int32Array; readonly offsets: Int32Array };
}

/**
 * A layer of `torch.nn.TransformerEncoder`, norms last: `s = norm1(x + attention(x))`, `y = norm2(s + W2 act(W1 s))`,
 * over jagged sequences in which every row sees every other one; with `seen` some rows ask without being seen.
 * `leaky-relu` has slope .01 below 0.
 */
export class EncoderLayer extends StreamLayer {
  static className = 'SeqrecEncoderLayer';
  readonly args: EncoderLayerArgs;

  constructor(args: EncoderLayerArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { width, hiddenDim } = this.args;
    const affine = (name: string, into: number, out: number): WeightSpec[] => [
      { name: `${name}.weight`, shape: [out, into], initialization: { kind: 'xavier-normal' } },
      { name: `${name}.bias`, shape: [out], initialization: { kind: 'zeros' } },
    ];
    return [
      ...attentionWeights(width),
      ...affine('linear1', width, hiddenDim),
      ...affine('linear2', hiddenDim, width),
      ...affineNormSpecs('norm1', width),
      ...affineNormSpecs('norm2', width),
    ];
  }

  /** `[Q, D]` to `[Q, D]`. */
  forward({ x, offsets, seen }: EncoderRows, run: Run): tf.Tensor2D {
    const { width, activation } = this.args;
    return tf.tidy(() => {
      const attended = this.linear('out_proj', this.attention({ x, offsets, seen }), {
        dropout: this.dropOptions(this.args.dropout, 'attention', run, width),
        residual: x,
      });
      const s = affineNorm(attended, this, 'norm1');
      const hidden =
        activation === 'relu' ? this.linear('linear1', s, { activation }) : leaky(this.linear('linear1', s, {}));
      const dropped = this.drop(hidden, this.args.dropout, 'hidden', run);
      const out = this.linear('linear2', dropped, {
        dropout: this.dropOptions(this.args.dropout, 'out', run, width),
        residual: s,
      });
      return affineNorm(out, this, 'norm2');
    });
  }

  private attention({ x, offsets, seen }: EncoderRows): tf.Tensor2D {
    const { width: d, numHeads } = this.args;
    const [w, b] = [this.weight('in_proj_weight') as tf.Tensor2D, this.weight('in_proj_bias') as tf.Tensor1D];
    const heads = (rows: tf.Tensor): tf.Tensor3D => tf.reshape(rows, [-1, numHeads, d / numHeads]);
    const flat = (rows: tf.Tensor): tf.Tensor2D => tf.reshape(rows, [-1, d]);
    const [q, k, v] = linearBlocks({ x, w, b }, [d, d, d]);
    const scale = 1 / Math.sqrt(d / numHeads);
    if (seen === undefined) {
      const all = { q: heads(q), k: heads(k), v: heads(v), offsets, scale };
      return flat(causalAttention({ ...all, mask: { bidirectional: true } }));
    }
    const rows = tf.tensor1d(seen.rows, 'int32');
    const keys = { k: heads(tf.gather(k, rows)), v: heads(tf.gather(v, rows)), offsets: seen.offsets };
    return flat(causalAttention({ q: heads(q), ...keys, queryOffsets: offsets, sees: 'all', scale }));
  }

  private linear(
    name: string,
    x: tf.Tensor2D,
    options: Omit<Parameters<typeof linearLayer>[0], 'x' | 'w' | 'b'>,
  ): tf.Tensor2D {
    const [w, b] = [this.weight(`${name}.weight`) as tf.Tensor2D, this.weight(`${name}.bias`) as tf.Tensor1D];
    return linearLayer({ ...options, x, w, b });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { width, numHeads, hiddenDim, activation, dropout } = this.args;
    return { ...super.getConfig(), width, numHeads, hiddenDim, activation, dropout };
  }
}
tf.serialization.registerClass(EncoderLayer);

/** `max(x, .01 x)`. */
function leaky(x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.mul(x, 0.01), tf.mul(tf.relu(x), 0.99));
}
