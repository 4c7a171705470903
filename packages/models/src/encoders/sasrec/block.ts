import { layerNorm, linearLayer, linearLayerAndSkip } from '@seqrec/core';
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
import type { SasrecConfig } from './config.ts';

export interface SasrecBlockArgs
  extends LayerArgs,
    Pick<SasrecConfig, 'embeddingDim' | 'numHeads' | 'ffnDim' | 'ffnDropout' | 'activation'> {}

const NORM = { epsilon: 1e-8 };

/**
 * One SASRec block over packed tokens.
 *
 * ```
 * q  = LN(x)                                   LN without affine part, epsilon 1e-8
 * a  = MHA(query = q, key = x, value = x)      causal, dropout on the probabilities
 * z  = LN(q + a)
 * x' = z + drop(W2 drop(act(W1 z + b1)) + b2)
 * ```
 *
 * Inputs: `[x [T, D], offsets int32 [B + 1]]`. Output `[T, D]`.
 *
 * Source: Kang & McAuley 2018 (arXiv:1808.09781), in the form of the research code of Zhai et al. 2024.
 * Differs from the paper in: layer norms without affine part, and the residual from `LN(x)`.
 */
export class SasrecBlock extends StreamLayer implements LastRows {
  static className = 'SeqrecSasrecBlock';
  readonly args: SasrecBlockArgs;

  constructor(args: SasrecBlockArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { embeddingDim: d, ffnDim } = this.args;
    return [
      ...attentionWeights(d),
      { name: 'conv1.weight', shape: [ffnDim, d, 1], initialization: { kind: 'xavier-normal' } },
      { name: 'conv1.bias', shape: [ffnDim], initialization: { kind: 'uniform', limit: 1 / Math.sqrt(d) } },
      { name: 'conv2.weight', shape: [d, ffnDim, 1], initialization: { kind: 'xavier-normal' } },
      { name: 'conv2.bias', shape: [d], initialization: { kind: 'uniform', limit: 1 / Math.sqrt(ffnDim) } },
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x, offsets] = inputList(inputs) as [tf.Tensor2D, tf.Tensor1D];
    const run = runOf(kwargs);
    return tf.tidy(() => this.forward(NORM, x, offsets, run));
  }

  /** Everything but keys and values at the last tokens alone. */
  last(inputs: readonly tf.Tensor[], rows: tf.Tensor1D): tf.Tensor2D {
    const [x, offsets] = inputs as [tf.Tensor2D, tf.Tensor1D];
    const run = runOf(undefined);
    return tf.tidy(() => {
      const query = layerNorm(tf.gather(x, rows) as tf.Tensor2D, NORM);
      return this.forward(query, x, offsets, run, true);
    });
  }

  private forward(
    query: SelfAttentionOptions['query'],
    x: tf.Tensor2D,
    offsets: tf.Tensor1D,
    run: Run,
    lastOnly = false,
  ): tf.Tensor2D {
    const { numHeads, ffnDropout } = this.args;
    const attended = selfAttention({
      query,
      keyValue: x,
      lastOnly,
      offsets,
      numHeads,
      weight: (name) => this.weight(name),
      dropoutRate: ffnDropout,
      output: { residual: 'query' },
      site: `${this.stream}.attention`,
      run,
    });
    return this.feedForward(attended, run);
  }

  /** Of `z = LN(x)`. */
  private feedForward(x: tf.Tensor2D, run: Run): tf.Tensor2D {
    const { ffnDropout, activation } = this.args;
    const inner = { x, norm: NORM, w: this.kernel('conv1.weight'), b: this.weight('conv1.bias') as tf.Tensor1D };
    const dropout = this.dropOptions(ffnDropout, 'ffn.hidden', run, this.args.ffnDim);
    const first = linearLayerAndSkip(activation === 'relu' ? { ...inner, activation, dropout } : inner);
    const hidden = activation === 'relu' ? first.y : this.drop(exactGelu(first.y), ffnDropout, 'ffn.hidden', run);
    return linearLayer({
      x: hidden,
      w: this.kernel('conv2.weight'),
      b: this.weight('conv2.bias') as tf.Tensor1D,
      dropout: this.dropOptions(ffnDropout, 'ffn.output', run, this.args.embeddingDim),
      residual: first.skip,
    });
  }

  /** A convolution of width one is a linear map: `[out, in, 1]` to `[out, in]`. */
  private kernel(name: string): tf.Tensor2D {
    const weight = this.weight(name);
    return tf.reshape(weight, weight.shape.slice(0, 2) as [number, number]);
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, numHeads, ffnDim, ffnDropout, activation } = this.args;
    return { ...super.getConfig(), embeddingDim, numHeads, ffnDim, ffnDropout, activation };
  }
}
tf.serialization.registerClass(SasrecBlock);
