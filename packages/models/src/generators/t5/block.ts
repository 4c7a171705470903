import { causalAttention, linearBlocks, linearLayer } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, type Run, runOf, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import type { FreshKeys } from '../../layers/memory.ts';
import { rmsNorm } from '../../layers/rms-norm.ts';
import { type AttentionKeys, attentionSpecs, feedForwardSpecs, gainSpec } from './block-weights.ts';
import { biasedQueries, placedKeys, type RelativePlaces } from './relative-places.ts';

export interface T5BlockArgs extends LayerArgs {
  readonly embeddingDim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly ffnDim: number;
  readonly feedForward: 'relu' | 'gated-gelu';
  readonly dropout: number;
  /** A block of the decoder attends to the encoder's output too. */
  readonly isDecoder: boolean;
  /** Buckets of the table of biases that this block holds for its stack; absent: another holds it. */
  readonly relativeBuckets?: number;
}

/**
 * A block of T5 over packed tokens, all maps without bias:
 *
 * ```
 * y = x + drop(drop(softmax(q k^T + b)) v Wo)          q, k, v = RMS(x) Wq, RMS(x) Wk, RMS(x) Wv; no 1 / sqrt(A)
 * z = y + drop(drop(softmax(q' k'^T)) v' Wo')          decoder: q' of RMS(y), k' and v' of the encoder's output
 * out = z + drop(drop(relu(RMS(z) Wi)) Wo'')           gated-gelu: gelu(n Wi0) * n Wi1
 * ```
 *
 * Inputs: `[x [T, D], biases [T, H, N], places [T, H, N], offsets int32 [B + 1]]`, of a decoder besides the output of
 * the encoder `[T', D]` and its offsets. Output `[T, D]`.
 *
 * Source: Raffel et al. 2020 (arXiv:1910.10683), section 2.1; `T5Block` of transformers, whose names weights have.
 */
export class T5Block extends StreamLayer {
  static className = 'SeqrecT5Block';
  readonly args: T5BlockArgs;

  constructor(args: T5BlockArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { isDecoder } = this.args;
    return [
      ...attentionSpecs('layer.0.SelfAttention', this.args, this.args.relativeBuckets),
      gainSpec('layer.0', this.args),
      ...(isDecoder ? [...attentionSpecs('layer.1.EncDecAttention', this.args), gainSpec('layer.1', this.args)] : []),
      ...feedForwardSpecs(`${this.last}.DenseReluDense`, this.args),
      gainSpec(this.last, this.args),
    ];
  }

  /** The sub-layer of the feed-forward part. */
  private get last(): string {
    return this.args.isDecoder ? 'layer.2' : 'layer.1';
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x, biases, places, offsets, memory, memoryOffsets] = inputList(inputs);
    const run = runOf(kwargs);
    const relative = { biases, places } as RelativePlaces;
    const within = offsets as tf.Tensor1D;
    return tf.tidy(() => {
      const mask = this.args.isDecoder ? undefined : { bidirectional: true };
      const y = this.attend(x as tf.Tensor2D, relative, (fresh) => ({ ...fresh, offsets: within, mask }), run);
      if (!this.args.isDecoder) return this.feed(y, run);
      const read = this.keysOf(memory as tf.Tensor2D);
      const keys = { ...read, offsets: memoryOffsets as tf.Tensor1D, queryOffsets: within, sees: 'all' } as const;
      return this.feed(this.attendTo(y, keys, run), run);
    });
  }

  /** The first sub-layer. @param keysFor what queries see, given the keys and values of their own rows. */
  attend(
    x: tf.Tensor2D,
    relative: RelativePlaces,
    keysFor: (fresh: FreshKeys) => AttentionKeys,
    run: Run,
  ): tf.Tensor2D {
    const name = 'layer.0.SelfAttention';
    const [q, k, v] = this.project(this.norm(x, 'layer.0'), name, ['q', 'k', 'v']);
    const keys = keysFor({ k: placedKeys(k, relative), v });
    return this.close(x, biasedQueries(q, relative), keys, { name, run });
  }

  /** Keys and values of the encoder's output. */
  keysOf(memory: tf.Tensor2D): FreshKeys {
    const [k, v] = this.project(memory, 'layer.1.EncDecAttention', ['k', 'v']);
    return { k, v };
  }

  /** The second sub-layer of a decoder. */
  attendTo(x: tf.Tensor2D, keys: AttentionKeys, run: Run): tf.Tensor2D {
    return this.close(x, this.queriesOf(x), keys, { name: 'layer.1.EncDecAttention', run });
  }

  /** The queries of the second sub-layer, `[T, H, A]`. */
  queriesOf(x: tf.Tensor2D): tf.Tensor3D {
    return this.project(this.norm(x, 'layer.1'), 'layer.1.EncDecAttention', ['q'])[0];
  }

  /** The last sub-layer. */
  feed(x: tf.Tensor2D, run: Run): tf.Tensor2D {
    const { embeddingDim, dropout } = this.args;
    const w = this.matrix(`${this.last}.DenseReluDense.wo`);
    const output = this.dropOptions(dropout, 'ffn.output', run, embeddingDim);
    return linearLayer({ x: this.hidden(this.norm(x, this.last), run), w, dropout: output, residual: x });
  }

  private hidden(x: tf.Tensor2D, run: Run): tf.Tensor2D {
    const { ffnDim, dropout, feedForward } = this.args;
    const map = (name: string) => ({ x, w: this.matrix(`${this.last}.DenseReluDense.${name}`) });
    if (feedForward === 'relu') {
      const drop = this.dropOptions(dropout, 'ffn.hidden', run, ffnDim);
      return linearLayer({ ...map('wi'), activation: 'relu', dropout: drop });
    }
    const gated = tf.mul(linearLayer({ ...map('wi_0'), activation: 'gelu' }), linearLayer(map('wi_1')));
    return this.drop(gated as tf.Tensor2D, dropout, 'ffn.hidden', run);
  }

  /** Attention, the map out of it, and the sum. */
  private close(
    x: tf.Tensor2D,
    q: tf.Tensor3D,
    keys: AttentionKeys,
    { name, run }: { readonly name: string; readonly run: Run },
  ): tf.Tensor2D {
    const { embeddingDim, numHeads, headDim, dropout } = this.args;
    const site = name === 'layer.0.SelfAttention' ? 'attention' : 'cross';
    const weights = this.dropOptions(dropout, site, run, numHeads);
    const attended = causalAttention({ q, ...keys, scale: 1, dropout: weights });
    return linearLayer({
      x: tf.reshape(attended, [-1, numHeads * headDim]),
      w: this.matrix(`${name}.o`),
      dropout: this.dropOptions(dropout, `${site}.output`, run, embeddingDim),
      residual: x,
    });
  }

  /** Maps into heads, `[T, H, A]` each. */
  private project(x: tf.Tensor2D, name: string, parts: readonly ('q' | 'k' | 'v')[]): tf.Tensor3D[] {
    const { numHeads, headDim } = this.args;
    const maps = parts.map((part) => this.matrix(`${name}.${part}`));
    const w = maps.length === 1 ? maps[0] : tf.concat(maps, 0);
    const blocks = linearBlocks({ x, w }, new Array<number>(parts.length).fill(numHeads * headDim));
    return blocks.map((block) => tf.reshape(block, [-1, numHeads, headDim]));
  }

  private norm(x: tf.Tensor2D, layer: string): tf.Tensor2D {
    return rmsNorm(x, this.weight(`${layer}.layer_norm.weight`));
  }

  private matrix(name: string): tf.Tensor2D {
    return this.weight(`${name}.weight`) as tf.Tensor2D;
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, numHeads, headDim, ffnDim, feedForward, dropout, isDecoder, relativeBuckets } = this.args;
    const sizes = { embeddingDim, numHeads, headDim, ffnDim, feedForward, dropout, isDecoder };
    return { ...super.getConfig(), ...sizes, ...(relativeBuckets !== undefined && { relativeBuckets }) };
  }
}
tf.serialization.registerClass(T5Block);
