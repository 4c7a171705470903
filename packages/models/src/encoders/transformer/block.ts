import { linearBlocks, linearLayer, silu } from '@seqrec/core';
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
import { type NormedMap, normedMap } from '../../layers/normed-map.ts';
import { type InitialStd, smallStart } from '../../layers/small-start.ts';

export interface TransformerBlockArgs extends LayerArgs {
  readonly embeddingDim: number;
  readonly numHeads: number;
  readonly ffnDim: number;
  readonly dropout: number;
  /** Of the feed-forward part, `relu` unless given; GELU in its exact form. */
  readonly activation?: 'relu' | 'gelu' | 'swiglu';
  /** Whether each sub-layer is added times a gate; default: no. */
  readonly gatedResidual?: boolean;
  /** Whether the feed-forward part has biases; default: yes. */
  readonly ffnBias?: boolean;
  /** Inside the feed-forward part; default 0. */
  readonly ffnDropout?: number;
  /** Of the norms, 1e-6 unless given. */
  readonly epsilon?: number;
  /** Which tokens of its sequence a token attends to: those up to itself (default), or all. */
  readonly sees?: 'causal' | 'all';
  /** See {@link smallStart}; default: maps Xavier-normal, biases zero. */
  readonly initialStd?: InitialStd;
}

const EPSILON = 1e-6;

/** `x` is what the residual adds to, with as many rows as `query`. */
type BlockInputs = Pick<SelfAttentionOptions, 'query' | 'keyValue' | 'offsets' | 'lastOnly'> & {
  readonly x: tf.Tensor2D;
};

/**
 * One pre-norm Transformer block over packed tokens, a decoder's unless it sees all:
 *
 * ```
 * z = x + g1 * drop(MHA(LN(x)))           layer norms with gain and bias, dropout on the probabilities too
 * y = z + g2 * drop(FF(LN(z)))
 *
 * FF(n) = W2 drop(act(W1 n + b1)) + b2    with swiglu W2 drop((silu(W1 n + b1) * (W3 n + b3))) + b2
 * g1 = sigmoid(Wg x + bg), g2 = sigmoid(Wg' z + bg') with gatedResidual, of what comes before the norm; else 1
 * ```
 *
 * Inputs: `[x [T, D], offsets int32 [B + 1]]`. Output `[T, D]`. With swiglu `ffn.0` is `W1` over `W3`.
 *
 * Source: Vaswani et al. 2017 (arXiv:1706.03762), pre-norm as in Xiong et al. 2020 (arXiv:2002.04745); SwiGLU:
 * Shazeer 2020 (arXiv:2002.05202); gated residuals: LiGR, Borisyuk et al. 2025 (arXiv:2502.03417), in the form of
 * the public code of RecTools.
 */
export class TransformerBlock extends StreamLayer implements LastRows {
  static className = 'SeqrecTransformerBlock';
  readonly args: TransformerBlockArgs;

  constructor(args: TransformerBlockArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { embeddingDim: d, ffnDim, ffnBias = true, gatedResidual = false, initialStd } = this.args;
    const parts = this.isSwiglu ? 2 : 1;
    const { map, projection } = smallStart(initialStd);
    return [
      ...affineNormSpecs('norm1', d),
      ...attentionWeights(d, { input: projection, output: map }),
      ...affineNormSpecs('norm2', d),
      ...mapWeights('ffn.0', { in: d, out: ffnDim, parts, hasBias: ffnBias, initialization: map }),
      ...mapWeights('ffn.2', { in: ffnDim, out: d, hasBias: ffnBias, initialization: map }),
      ...(gatedResidual
        ? ['gate1', 'gate2'].flatMap((name) => mapWeights(name, { in: d, out: d, initialization: map }))
        : []),
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x, offsets] = inputList(inputs) as [tf.Tensor2D, tf.Tensor1D];
    const run = runOf(kwargs);
    return tf.tidy(() => this.forward({ x, query: x, keyValue: x, offsets }, run));
  }

  /** Everything but keys and values at the last tokens alone. */
  last(inputs: readonly tf.Tensor[], rows: tf.Tensor1D): tf.Tensor2D {
    const [x, offsets] = inputs as [tf.Tensor2D, tf.Tensor1D];
    return tf.tidy(() => {
      const newest = tf.gather(x, rows);
      return this.forward({ x: newest, query: newest, keyValue: x, offsets, lastOnly: true }, runOf(undefined));
    });
  }

  private forward({ x, ...attention }: BlockInputs, run: Run): tf.Tensor2D {
    const { embeddingDim, numHeads, dropout, gatedResidual = false, sees } = this.args;
    const weight = (name: string): tf.Variable => this.weight(name);
    const site = `${this.stream}.attention`;
    const residual = (of: tf.Tensor2D) => (gatedResidual ? {} : { residual: of });
    const output = { dropout: this.dropOptions(dropout, 'output', run, embeddingDim), ...residual(x) };
    const attended = selfAttention({
      ...{ ...attention, norm: this.norm('norm1') },
      ...{ sees, numHeads, weight, dropoutRate: dropout, output, site, run },
    });
    const z = gatedResidual ? this.addGated(x, attended, 'gate1') : attended;
    const last = this.dropOptions(dropout, 'ffn.output', run, embeddingDim);
    const hidden = this.hidden(z, run);
    const fed = linearLayer({ x: hidden, ...this.map('ffn.2'), dropout: last, ...residual(z) });
    return gatedResidual ? this.addGated(z, fed, 'gate2') : fed;
  }

  private get isSwiglu(): boolean {
    return this.args.activation === 'swiglu';
  }

  /** `x + sigmoid(x W + b) * y`. */
  private addGated(x: tf.Tensor2D, y: tf.Tensor2D, name: string): tf.Tensor2D {
    return tf.add(x, tf.mul(tf.sigmoid(linearLayer({ x, ...this.map(name) })), y));
  }

  /** What the last map of the feed-forward part reads, of the norm of `z`. */
  private hidden(z: tf.Tensor2D, run: Run): tf.Tensor2D {
    const { ffnDim, activation = 'relu', ffnDropout = 0 } = this.args;
    const inner = { x: z, ...normedMap({ ...this.map('ffn.0'), ...this.norm('norm2') }) };
    if (activation === 'relu') {
      return linearLayer({ ...inner, activation, dropout: this.dropOptions(ffnDropout, 'ffn.hidden', run, ffnDim) });
    }
    if (activation === 'gelu') return this.drop(exactGelu(linearLayer(inner)), ffnDropout, 'ffn.hidden', run);
    const [gate, value] = linearBlocks(inner, [ffnDim, ffnDim]);
    return this.drop(tf.mul(silu(gate), value) as tf.Tensor2D, ffnDropout, 'ffn.hidden', run);
  }

  private map(name: string): { readonly w: tf.Tensor2D; readonly b?: tf.Tensor1D } {
    const { ffnBias = true } = this.args;
    const w = this.weight(`${name}.weight`) as tf.Tensor2D;
    return name.startsWith('ffn') && !ffnBias ? { w } : { w, b: this.weight(`${name}.bias`) as tf.Tensor1D };
  }

  private norm(name: string): Pick<NormedMap, 'gain' | 'bias' | 'epsilon'> {
    const { epsilon = EPSILON } = this.args;
    const [gain, bias] = ['weight', 'bias'].map((of) => this.weight(`${name}.${of}`) as tf.Tensor1D);
    return { gain, bias, epsilon };
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, numHeads, ffnDim, dropout, ...optional } = this.args;
    const { activation, gatedResidual, ffnBias, ffnDropout, epsilon, sees, initialStd } = optional;
    const switches = { activation, gatedResidual, ffnBias, ffnDropout, epsilon, sees, initialStd };
    const given = Object.entries(switches).filter(([, value]) => value !== undefined);
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
    return affineNormSpecs('norm', this.embeddingDim);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = inputList(inputs) as [tf.Tensor2D];
    return tf.tidy(() => affineNorm(x, this, 'norm', this.epsilon ?? EPSILON));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { embeddingDim, epsilon } = this;
    return { ...super.getConfig(), embeddingDim, ...(epsilon === undefined ? {} : { epsilon }) };
  }
}
tf.serialization.registerClass(AffineLayerNorm);

interface MapOptions {
  readonly in: number;
  readonly out: number;
  readonly parts?: number;
  readonly hasBias?: boolean;
  readonly initialization?: Initialization;
}

/** A linear map, or `parts` of them one over the other. */
function mapWeights(name: string, { in: into, out, parts = 1, hasBias = true, ...of }: MapOptions): WeightSpec[] {
  const { initialization = { kind: 'xavier-normal' } } = of;
  const blocks = { axis: 0 as const, sizes: new Array<number>(parts).fill(out) };
  const shape = [parts * out, into];
  return [
    { name: `${name}.weight`, shape, initialization, ...(parts > 1 && { blocks }) },
    ...(hasBias ? [{ name: `${name}.bias`, shape: [parts * out], initialization: { kind: 'zeros' } as const }] : []),
  ];
}
