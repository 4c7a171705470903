import { causalAttention, linearBlocks, linearLayer, silu } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, type Run, runOf, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { rmsNorm } from '../../layers/rms-norm.ts';
import { type Rotation, rotate } from '../../layers/rotary.ts';

export interface TransformerPlusPlusBlockArgs extends LayerArgs {
  readonly embeddingDim: number;
  readonly numHeads: number;
  /** Width `A` of a head; `D / H` unless given. */
  readonly headDim?: number;
  readonly ffnDim: number;
  readonly dropout: number;
  /** Of the norms, see `rmsNorm`. */
  readonly epsilon?: number;
}

/**
 * One block over packed tokens, all maps without bias:
 *
 * ```
 * q, k, v = split(RMS(x) Wqkv)
 * z = x + drop(Attention(RoPE(q), RoPE(k), v) Wo)      causal softmax, scale 1 / sqrt(A), heads of width A
 * y = z + drop((silu(n W1) * n W3) W2),  n = RMS(z)    SwiGLU
 * ```
 *
 * Inputs: `[x [T, D], offsets int32 [B + 1], cosine [T, H A], sine [T, H A]]`. Output `[T, D]`.
 *
 * Source: Touvron et al. 2023, section 2.2 (arXiv:2302.13971): RMSNorm (Zhang & Sennrich 2019), SwiGLU (Shazeer 2020,
 * arXiv:2002.05202), RoPE (Su et al. 2021).
 */
export class TransformerPlusPlusBlock extends StreamLayer {
  static className = 'SeqrecTransformerPlusPlusBlock';
  readonly args: TransformerPlusPlusBlockArgs;

  constructor(args: TransformerPlusPlusBlockArgs) {
    super(args);
    this.args = args;
  }

  /** `H A`: columns of queries, keys and values. */
  private get innerDim(): number {
    const { embeddingDim, numHeads, headDim } = this.args;
    return headDim === undefined ? embeddingDim : numHeads * headDim;
  }

  protected weightSpecs(): WeightSpec[] {
    const { embeddingDim: d, ffnDim } = this.args;
    const inner = this.innerDim;
    const matrix = (name: string, out: number, into: number, parts = 1): WeightSpec => ({
      name,
      shape: [out, into],
      initialization: { kind: 'xavier-normal' },
      ...(parts > 1 && { blocks: { axis: 0, sizes: new Array<number>(parts).fill(out / parts) } }),
    });
    return [
      { name: 'norm1.weight', shape: [d], initialization: { kind: 'ones' } },
      matrix('attention.wqkv', 3 * inner, d, 3),
      matrix('attention.wo', d, inner),
      { name: 'norm2.weight', shape: [d], initialization: { kind: 'ones' } },
      matrix('ffn.w13', 2 * ffnDim, d, 2),
      matrix('ffn.w2', d, ffnDim),
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x, offsets, cosine, sine] = inputList(inputs) as [tf.Tensor2D, tf.Tensor1D, tf.Tensor2D, tf.Tensor2D];
    const run = runOf(kwargs);
    return tf.tidy(() => {
      const attended = this.attend(this.norm(x, 'norm1'), offsets, { cosine, sine }, run);
      const z = this.close(attended, 'attention.wo', { residual: x, site: 'output', run });
      const hidden = this.gatedUnit(this.norm(z, 'norm2'));
      return this.close(hidden, 'ffn.w2', { residual: z, site: 'ffn.output', run });
    });
  }

  private norm(x: tf.Tensor2D, name: string): tf.Tensor2D {
    return rmsNorm(x, this.weight(`${name}.weight`), this.args.epsilon);
  }

  private attend(x: tf.Tensor2D, offsets: tf.Tensor1D, rotation: Rotation, run: Run): tf.Tensor2D {
    const { numHeads, dropout } = this.args;
    const inner = this.innerDim;
    const [q, k, v] = linearBlocks({ x, w: this.weight('attention.wqkv') as tf.Tensor2D }, [inner, inner, inner]);
    const heads = (y: tf.Tensor): tf.Tensor3D => tf.reshape(y, [-1, numHeads, inner / numHeads]);
    const all = { k: heads(rotate(k, numHeads, rotation)), v: heads(v), offsets };
    const attended = causalAttention({
      q: heads(rotate(q, numHeads, rotation)),
      ...(run.memory?.keys(this.stream, all) ?? all),
      scale: 1 / Math.sqrt(inner / numHeads),
      dropout: this.dropOptions(dropout, 'attention', run, numHeads),
    });
    return tf.reshape(attended, [-1, inner]);
  }

  private gatedUnit(x: tf.Tensor2D): tf.Tensor2D {
    const { ffnDim } = this.args;
    const [gate, value] = linearBlocks({ x, w: this.weight('ffn.w13') as tf.Tensor2D }, [ffnDim, ffnDim]);
    return tf.mul(silu(gate), value);
  }

  /** The map out of a sub-layer, dropout and the residual sum. */
  private close(
    x: tf.Tensor2D,
    weight: string,
    { residual, site, run }: { readonly residual: tf.Tensor2D; readonly site: string; readonly run: Run },
  ): tf.Tensor2D {
    const dropout = this.dropOptions(this.args.dropout, site, run, this.args.embeddingDim);
    return linearLayer({ x, w: this.weight(weight) as tf.Tensor2D, dropout, residual });
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, numHeads, headDim, ffnDim, dropout, epsilon } = this.args;
    const given = Object.entries({ headDim, epsilon }).filter(([, value]) => value !== undefined);
    return { ...super.getConfig(), embeddingDim, numHeads, ffnDim, dropout, ...Object.fromEntries(given) };
  }
}
tf.serialization.registerClass(TransformerPlusPlusBlock);
