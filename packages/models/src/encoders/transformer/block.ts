import { layerNorm, linearLayer } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { attentionWeights, type SelfAttentionOptions, selfAttention } from '../../layers/attention.ts';
import { exactGelu } from '../../layers/gelu.ts';
import {
  inputList,
  type LastRows,
  type LayerArgs,
  type Run,
  runOf,
  StreamLayer,
  type WeightSpec,
} from '../../layers/layer.ts';

export interface TransformerBlockArgs extends LayerArgs {
  readonly embeddingDim: number;
  readonly numHeads: number;
  readonly ffnDim: number;
  readonly dropout: number;
  /** Of the feed-forward part, `relu` unless given; GELU in its exact form. */
  readonly activation?: 'relu' | 'gelu';
  /** Of the norms, 1e-6 unless given. */
  readonly epsilon?: number;
}

const EPSILON = 1e-6;

/** `x` is what the residual adds to, with as many rows as `query`. */
type BlockInputs = Pick<SelfAttentionOptions, 'query' | 'keyValue' | 'offsets' | 'lastOnly'> & {
  readonly x: tf.Tensor2D;
};

/**
 * One pre-norm Transformer decoder block over packed tokens: `z = x + drop(MHA(LN(x)))`,
 * `y = z + drop(W2 act(W1 LN(z)))`, layer norms with gain and bias, dropout also on the attention probabilities.
 *
 * Inputs: `[x [T, D], offsets int32 [B + 1]]`. Output `[T, D]`.
 *
 * Source: Vaswani et al. 2017 (arXiv:1706.03762), pre-norm as in Xiong et al. 2020 (arXiv:2002.04745).
 */
export class TransformerBlock extends StreamLayer implements LastRows {
  static className = 'SeqrecTransformerBlock';
  readonly args: TransformerBlockArgs;

  constructor(args: TransformerBlockArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { embeddingDim: d, ffnDim } = this.args;
    return [
      ...affineWeights('norm1', d),
      ...attentionWeights(d),
      ...affineWeights('norm2', d),
      { name: 'ffn.0.weight', shape: [ffnDim, d], initialization: { kind: 'xavier-normal' } },
      { name: 'ffn.0.bias', shape: [ffnDim], initialization: { kind: 'zeros' } },
      { name: 'ffn.2.weight', shape: [d, ffnDim], initialization: { kind: 'xavier-normal' } },
      { name: 'ffn.2.bias', shape: [d], initialization: { kind: 'zeros' } },
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x, offsets] = inputList(inputs) as [tf.Tensor2D, tf.Tensor1D];
    const run = runOf(kwargs);
    return tf.tidy(() => {
      const normed = this.norm(x, 'norm1');
      return this.forward({ x, query: normed, keyValue: normed, offsets }, run);
    });
  }

  /** Everything but keys and values at the last tokens alone. */
  last(inputs: readonly tf.Tensor[], rows: tf.Tensor1D): tf.Tensor2D {
    const [x, offsets] = inputs as [tf.Tensor2D, tf.Tensor1D];
    return tf.tidy(() => {
      const keyValue = this.norm(x, 'norm1');
      const query = tf.gather(keyValue, rows);
      const run = runOf(undefined);
      return this.forward({ x: tf.gather(x, rows), query, keyValue, offsets, lastOnly: true }, run);
    });
  }

  private forward({ x, ...attention }: BlockInputs, run: Run): tf.Tensor2D {
    const { embeddingDim, numHeads, dropout, activation = 'relu' } = this.args;
    const weight = (name: string): tf.Variable => this.weight(name);
    const site = `${this.stream}.attention`;
    const output = { dropout: this.dropOptions(dropout, 'output', run, embeddingDim), residual: x };
    const z = selfAttention({ ...attention, numHeads, weight, dropoutRate: dropout, output, site, run });
    const map = (name: string) => ({
      w: weight(`${name}.weight`) as tf.Tensor2D,
      b: weight(`${name}.bias`) as tf.Tensor1D,
    });
    const inner = { x: this.norm(z, 'norm2'), ...map('ffn.0') };
    const hidden = activation === 'relu' ? linearLayer({ ...inner, activation }) : exactGelu(linearLayer(inner));
    const last = this.dropOptions(dropout, 'ffn.output', run, embeddingDim);
    return linearLayer({ x: hidden, ...map('ffn.2'), dropout: last, residual: z });
  }

  private norm(x: tf.Tensor2D, name: string): tf.Tensor2D {
    return affineNorm(x, name, (weight) => this.weight(weight), this.args.epsilon);
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, numHeads, ffnDim, dropout, activation, epsilon } = this.args;
    const given = Object.entries({ activation, epsilon }).filter(([, value]) => value !== undefined);
    return { ...super.getConfig(), embeddingDim, numHeads, ffnDim, dropout, ...Object.fromEntries(given) };
  }
}
tf.serialization.registerClass(TransformerBlock);

export interface AffineLayerNormArgs extends LayerArgs {
  readonly embeddingDim: number;
  /** Added to the variance; default 1e-6. */
  readonly epsilon?: number;
}

/** Layer norm with gain and bias: the last layer of the Transformer. Maps `[T, D]` to `[T, D]`. */
export class AffineLayerNorm extends StreamLayer {
  static className = 'SeqrecAffineLayerNorm';
  readonly embeddingDim: number;
  readonly epsilon: number | undefined;

  constructor(args: AffineLayerNormArgs) {
    super(args);
    this.embeddingDim = args.embeddingDim;
    this.epsilon = args.epsilon;
  }

  protected weightSpecs(): WeightSpec[] {
    return affineWeights('norm', this.embeddingDim);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = inputList(inputs) as [tf.Tensor2D];
    return tf.tidy(() => affineNorm(x, 'norm', (name) => this.weight(name), this.epsilon));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, epsilon } = this;
    return { ...super.getConfig(), embeddingDim, ...(epsilon === undefined ? {} : { epsilon }) };
  }
}
tf.serialization.registerClass(AffineLayerNorm);

function affineWeights(name: string, embeddingDim: number): WeightSpec[] {
  return [
    { name: `${name}.weight`, shape: [embeddingDim], initialization: { kind: 'ones' } },
    { name: `${name}.bias`, shape: [embeddingDim], initialization: { kind: 'zeros' } },
  ];
}

function affineNorm(
  x: tf.Tensor2D,
  name: string,
  weight: (name: string) => tf.Variable,
  epsilon = EPSILON,
): tf.Tensor2D {
  const normed = layerNorm(x, { epsilon });
  return tf.add(tf.mul(normed, weight(`${name}.weight`)), weight(`${name}.bias`));
}
