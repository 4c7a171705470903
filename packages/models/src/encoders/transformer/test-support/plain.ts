import {
  affine,
  geluExact,
  layerNorm,
  type PlainModel,
  placedItems,
  relu,
  silu,
  softmaxAttention,
  type Weights,
} from '../../../test-support/plain-maths.ts';

/** What differs between blocks, as `transformerSwitches` has it. */
export interface PlainSwitches {
  readonly activation?: 'relu' | 'gelu' | 'swiglu';
  readonly gatedResidual?: boolean;
  readonly ffnBias?: boolean;
  readonly sees?: 'causal' | 'all';
}

/**
 * A pre-norm Transformer block, `z = x + g MHA(LN(x))`, `y = z + g' W2 act(W1 LN(z))`, over one sequence; the gates are
 * one unless `gatedResidual`: `sigmoid(Wg x + bg)`, of z in the second half. SwiGLU: `act(n) = silu(W1 n) * W3 n`.
 *
 * Source: Vaswani et al. 2017, section 3, with the norms of Xiong et al. 2020, figure 1b; the gates of
 * `rectools/models/nn/transformers/ligr.py`.
 */
export function plainTransformerBlock(
  x: readonly number[][],
  w: Weights,
  prefix: string,
  heads: number,
  { activation = 'relu', gatedResidual = false, ffnBias = true, sees }: PlainSwitches = {},
): number[][] {
  const of = (name: string) => w[`${prefix}${name}`];
  const norm = (values: readonly number[], name: string): number[] =>
    layerNorm(values, 1e-6, of(`${name}.weight`).data, of(`${name}.bias`).data);
  const gated = (values: readonly number[], y: readonly number[], name: string): number[] => {
    const gates = gatedResidual ? affine(values, of(`${name}.weight`), of(`${name}.bias`)) : undefined;
    return values.map((value, c) => value + (gates === undefined ? 1 : 1 / (1 + Math.exp(-gates[c]))) * y[c]);
  };
  const normed = x.map((values) => norm(values, 'norm1'));
  const width = x[0].length;
  const [q, k, v] = [0, 1, 2].map((part) =>
    normed.map((values) => affine(values, of('in_proj_weight'), of('in_proj_bias'), part * width, width)),
  );
  const attended = softmaxAttention(q, k, v, heads, sees);
  const bias = (name: string) => (ffnBias ? of(`${name}.bias`) : undefined);
  return x.map((values, t) => {
    const z = gated(values, affine(attended[t], of('out_proj.weight'), of('out_proj.bias')), 'gate1');
    const inner = affine(norm(z, 'norm2'), of('ffn.0.weight'), bias('ffn.0'));
    const hidden =
      activation === 'swiglu'
        ? inner.slice(0, inner.length / 2).map((value, c) => silu(value) * inner[inner.length / 2 + c])
        : inner.map(activation === 'gelu' ? geluExact : relu);
    return gated(z, affine(hidden, of('ffn.2.weight'), bias('ffn.2')), 'gate2');
  });
}

/** `sqrt(D) E[id] + P[j]`, blocks, a layer norm. */
export function plainTransformer(
  config: PlainSwitches & {
    readonly numBlocks: number;
    readonly positionsFrom?: 'oldest' | 'newest';
    readonly inputScale?: 'sqrt-dim' | 'one';
    readonly numHeads: number;
    readonly block?: 'pre-norm' | 'ligr';
    readonly finalNorm?: boolean;
    readonly similarity?: 'cosine' | 'dot';
  },
): PlainModel {
  const ligr = config.block === 'ligr';
  const switches = {
    activation: config.activation ?? (ligr ? ('swiglu' as const) : ('relu' as const)),
    gatedResidual: config.gatedResidual ?? ligr,
    ffnBias: config.ffnBias ?? !ligr,
  };
  return {
    similarity: config.similarity,
    encode(w, { items }) {
      let x = placedItems(w, items, config);
      for (let i = 0; i < config.numBlocks; i++)
        x = plainTransformerBlock(x, w, `layers.${i}.`, config.numHeads, switches);
      if (!(config.finalNorm ?? !ligr)) return { rows: x };
      const rows = x.map((values) => layerNorm(values, 1e-6, w['final_norm.weight'].data, w['final_norm.bias'].data));
      return { rows };
    },
  };
}
