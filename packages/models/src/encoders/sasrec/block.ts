import { layerNorm, linearLayer, linearLayerAndSkip } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { affineNorm, affineNormSpecs } from '../../layers/affine-norm.ts';
import { attentionWeights, type SelfAttentionOptions, selfAttention } from '../../layers/attention.ts';
import { exactGelu } from '../../layers/gelu.ts';
import type { Initialization } from '../../layers/initializers.ts';
import {
  inputList,
  type LastRows,
  type LayerArgs,
  type Run,
  runOf,
  StreamLayer,
  type WeightSpec,
} from '../../layers/layer.ts';
import { smallStart } from '../../layers/small-start.ts';
import type { SasrecConfig } from './config.ts';

export interface SasrecBlockArgs
  extends LayerArgs,
    Pick<
      SasrecConfig,
      'embeddingDim' | 'numHeads' | 'ffnDim' | 'ffnDropout' | 'activation' | 'affineNorms' | 'initialStd'
    > {}

const NORM = { epsilon: 1e-8 };
/** With gain and bias: before attention, and before the feed-forward part. */
const NORMS = ['attention_norm', 'forward_norm'] as const;

/**
 * One SASRec block over packed tokens.
 *
 * ```
 * q  = LN(x)                                   epsilon 1e-8; gain and bias with `affineNorms`
 * a  = MHA(query = q, key = x, value = x)      causal, dropout on the probabilities
 * z  = LN(q + a)
 * x' = z + drop(W2 drop(act(W1 z + b1)) + b2)
 * ```
 *
 * Inputs: `[x [T, D], offsets int32 [B + 1]]`, and with padding that is seen its `keyRows` and `keyOffsets` (see
 * `paddingKeys`). Output `[T, D]`.
 *
 * Source: Kang & McAuley 2018 (arXiv:1808.09781), in the form of the research code of Zhai et al. 2024.
 * Differs from the paper in: layer norms without affine part unless `affineNorms`, and the residual from `LN(x)`.
 */
export class SasrecBlock extends StreamLayer implements LastRows {
  static className = 'SeqrecSasrecBlock';
  readonly args: SasrecBlockArgs;

  constructor(args: SasrecBlockArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { embeddingDim: d, ffnDim, affineNorms, initialStd } = this.args;
    const small = smallStart(initialStd);
    const map: Initialization = small.map ?? { kind: 'xavier-normal' };
    const biasOf = (from: number): Initialization => small.bias ?? { kind: 'uniform', limit: 1 / Math.sqrt(from) };
    return [
      ...attentionWeights(d, { input: small.projection, output: small.map }),
      { name: 'conv1.weight', shape: [ffnDim, d, 1], initialization: map },
      { name: 'conv1.bias', shape: [ffnDim], initialization: biasOf(d) },
      { name: 'conv2.weight', shape: [d, ffnDim, 1], initialization: map },
      { name: 'conv2.bias', shape: [d], initialization: biasOf(ffnDim) },
      ...(affineNorms ? NORMS.flatMap((name) => affineNormSpecs(name, d)) : []),
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const given = inputList(inputs);
    const x = given[0] as tf.Tensor2D;
    const run = runOf(kwargs);
    return tf.tidy(() => this.forward(this.args.affineNorms ? this.norm(x, 'attention_norm') : NORM, given, run));
  }

  /** Everything but keys and values at the last tokens alone. */
  last(inputs: readonly tf.Tensor[], rows: tf.Tensor1D): tf.Tensor2D {
    return tf.tidy(() => {
      const query = this.norm(tf.gather(inputs[0], rows) as tf.Tensor2D, 'attention_norm');
      return this.forward(query, inputs, runOf(undefined), true);
    });
  }

  private norm(x: tf.Tensor2D, name: (typeof NORMS)[number]): tf.Tensor2D {
    return this.args.affineNorms ? affineNorm(x, this, name, NORM.epsilon) : layerNorm(x, NORM);
  }

  private forward(
    query: SelfAttentionOptions['query'],
    inputs: readonly tf.Tensor[],
    run: Run,
    lastOnly = false,
  ): tf.Tensor2D {
    const { numHeads, ffnDropout } = this.args;
    const [keyValue, offsets, keyRows, keyOffsets] = inputs as [tf.Tensor2D, ...tf.Tensor1D[]];
    const attended = selfAttention({
      ...{ query, keyValue, lastOnly, offsets },
      ...(keyRows !== undefined && { padding: { keyRows, keyOffsets } }),
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
    const { ffnDropout, activation, affineNorms } = this.args;
    const map = { w: this.kernel('conv1.weight'), b: this.weight('conv1.bias') as tf.Tensor1D };
    const dropout = this.dropOptions(ffnDropout, 'ffn.hidden', run, this.args.ffnDim);
    const follows = activation === 'relu' ? { activation, dropout } : {};
    const z = affineNorms ? this.norm(x, 'forward_norm') : undefined;
    const first =
      z === undefined
        ? linearLayerAndSkip({ x, norm: NORM, ...map, ...follows })
        : { y: linearLayer({ x: z, ...map, ...follows }), skip: z };
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
    const { embeddingDim, numHeads, ffnDim, ffnDropout, activation, affineNorms, initialStd } = this.args;
    return {
      ...super.getConfig(),
      ...{ embeddingDim, numHeads, ffnDim, ffnDropout, activation },
      ...(affineNorms === undefined ? {} : { affineNorms }),
      ...(initialStd === undefined ? {} : { initialStd }),
    };
  }
}
tf.serialization.registerClass(SasrecBlock);
