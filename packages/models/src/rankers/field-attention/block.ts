import * as tf from '@tensorflow/tfjs-core';
import { affineNorm, affineNormSpecs } from '../../layers/affine-norm.ts';
import { tanhGelu } from '../../layers/gelu.ts';
import { type LayerArgs, type Run, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { tokenAttention } from '../../layers/token-attention.ts';
import { lastTokens, TokenMap, type TokenMapForm } from '../../layers/token-map.ts';
import type { AttentionForm } from './config.ts';

export interface AttentionBlockArgs extends LayerArgs {
  readonly form: AttentionForm;
  /** `N`. */
  readonly tokens: number;
  /** How many of the last tokens the block makes, `M`. */
  readonly made: number;
  /** `d`. */
  readonly width: number;
  readonly heads: number;
  /** Of a head. */
  readonly queryDim: number;
  readonly valueDim: number;
  /** Of form `hiformer`; absent: full. */
  readonly rank?: number;
  readonly valueRank?: number;
  readonly feedForwardDim: number;
  readonly norm: 'post' | 'pre';
  readonly dropout: number;
}

/** The maps to queries, keys and values of each form. */
export const mapForms = { vanilla: 'shared', hetero: 'own', hiformer: 'composite' } as const satisfies Readonly<
  Record<AttentionForm, TokenMapForm>
>;

/** The layer norms of a block and its dropout. */
class BlockNorms extends StreamLayer {
  static className = 'SeqrecAttentionBlockNorms';
  readonly width: number;
  readonly rate: number;

  constructor(args: LayerArgs & { readonly width: number; readonly rate: number }) {
    super(args);
    this.width = args.width;
    this.rate = args.rate;
  }

  protected weightSpecs(): WeightSpec[] {
    return [...affineNormSpecs('attention', this.width), ...affineNormSpecs('feed-forward', this.width)];
  }

  norm(x: tf.Tensor3D, which: 'attention' | 'feed-forward'): tf.Tensor3D {
    return affineNorm(x, this, which);
  }

  dropped(x: tf.Tensor3D, which: 'attention' | 'feed-forward', run: Run): tf.Tensor3D {
    return this.drop(x, this.rate, which, run);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), width: this.width, rate: this.rate };
  }
}
tf.serialization.registerClass(BlockNorms);

/** A block over the tokens of a row. */
export interface AttentionBlock {
  readonly layers: readonly StreamLayer[];
  readonly maps: Readonly<Record<'query' | 'key' | 'value' | 'output' | 'inner' | 'outer', TokenMap>>;
  /** What attention gives, `[B, M, H valueDim]`, before the map to the width of tokens. */
  attend(x: tf.Tensor3D): { readonly y: tf.Tensor3D; readonly weights: tf.Tensor4D };
  /** `[B, N, d]` to `[B, M, d]`. */
  forward(x: tf.Tensor3D, run: Run): tf.Tensor3D;
}

/**
 * ```
 * post   y = norm(x + drop(O attention(x))),  z = norm(y + drop(FFN(y)))
 * pre    y = x + drop(O attention(norm(x))),  z = y + drop(FFN(norm(y)))
 * FFN    W2 gelu(W1 y + b1) + b2
 * ```
 *
 * Queries, keys and values are mapped by the block's form. The output map and the feed-forward layer are shared by all
 * tokens of `vanilla`; with the other forms each token has its own.
 */
export function attentionBlock(args: AttentionBlockArgs): AttentionBlock {
  const { form, tokens, made, width, heads, queryDim, valueDim, feedForwardDim, norm, dropout, seed, stream } = args;
  const perToken: TokenMapForm = form === 'vanilla' ? 'shared' : 'own';
  const projection = (name: string, mapped: number, outputDim: number, rank?: number): TokenMap =>
    new TokenMap({
      form: mapForms[form],
      tokens,
      mapped,
      inputDim: width,
      outputDim,
      ...(rank !== undefined && { rank }),
      seed,
      stream: `${stream}.${name}`,
    });
  const tokenwise = (name: string, inputDim: number, outputDim: number, bias: boolean): TokenMap =>
    new TokenMap({ form: perToken, tokens: made, inputDim, outputDim, bias, seed, stream: `${stream}.${name}` });
  const maps = {
    query: projection('query', made, heads * queryDim, args.rank),
    key: projection('key', tokens, heads * queryDim, args.rank),
    value: projection('value', tokens, heads * valueDim, args.valueRank),
    output: tokenwise('output', heads * valueDim, width, false),
    inner: tokenwise('inner', width, feedForwardDim, true),
    outer: tokenwise('outer', feedForwardDim, width, true),
  };
  const norms = new BlockNorms({ width, rate: dropout, seed, stream: `${stream}.norm` });
  const attend: AttentionBlock['attend'] = (x) =>
    tokenAttention(maps.query.forward(x), maps.key.forward(x), maps.value.forward(x), { heads });
  const feedForward = (x: tf.Tensor3D): tf.Tensor3D => maps.outer.forward(tanhGelu(maps.inner.forward(x)));
  return {
    layers: [...Object.values(maps), norms],
    maps,
    attend,
    forward: (x, run) =>
      tf.tidy(() => {
        const kept = lastTokens(x, made);
        const attended = maps.output.forward(attend(norm === 'pre' ? norms.norm(x, 'attention') : x).y);
        const summed = tf.add(kept, norms.dropped(attended, 'attention', run)) as tf.Tensor3D;
        const y = norm === 'post' ? norms.norm(summed, 'attention') : summed;
        const fed = feedForward(norm === 'pre' ? norms.norm(y, 'feed-forward') : y);
        const z = tf.add(y, norms.dropped(fed, 'feed-forward', run)) as tf.Tensor3D;
        return norm === 'post' ? norms.norm(z, 'feed-forward') : z;
      }),
  };
}
