import {
  add,
  affine,
  geluExact,
  layerNorm,
  type PlainModel,
  placedItems,
  relu,
  softmaxAttention,
} from '../../../test-support/plain-maths.ts';

/**
 * SASRec as the research code of Zhai et al. 2024 has it: `q = LN(x)`, `z = LN(q + MHA(q, x, x))`,
 * `y = z + W2 act(W1 z + b1) + b2`, norms without gain and bias unless `affineNorms`.
 *
 * Source: Kang & McAuley 2018, equations 2 to 7; `research/modeling/sequential/sasrec.py` of the public code.
 */
export function plainSasrec(config: {
  readonly numBlocks: number;
  readonly maxSequenceLength: number;
  readonly seesPadding?: boolean;
  readonly positionsFrom?: 'oldest' | 'newest';
  readonly inputScale?: 'sqrt-dim' | 'one';
  readonly numHeads: number;
  readonly activation?: 'relu' | 'gelu';
  readonly finalNorm?: boolean;
  readonly affineNorms?: boolean;
  readonly similarity?: 'cosine' | 'dot';
}): PlainModel {
  const activation = config.activation === 'gelu' ? geluExact : relu;
  return {
    similarity: config.similarity,
    encode(w, { items }) {
      let x = placedItems(w, items, config);
      for (let i = 0; i < config.numBlocks; i++) {
        const attention = (name: string) => w[`attention_layers.${i}.${name}`];
        const convolution = (name: string) => w[`forward_layers.${i}._conv1d.${name}`];
        const norm = (values: readonly number[], name: string): number[] => {
          if (config.affineNorms !== true) return layerNorm(values, 1e-8);
          return layerNorm(values, 1e-8, w[`${name}.${i}.weight`].data, w[`${name}.${i}.bias`].data);
        };
        const queries = x.map((values) => norm(values, 'attention_layernorms'));
        const width = x[0].length;
        const project = (rows: readonly number[][], part: number): number[][] =>
          rows.map((values) =>
            affine(values, attention('in_proj_weight'), attention('in_proj_bias'), part * width, width),
          );
        const padding = config.seesPadding ? Math.max(0, config.maxSequenceLength - x.length) : 0;
        const zeros = Array.from({ length: padding }, () => new Array<number>(width).fill(0));
        const seen = [...zeros, ...x];
        const asking = project([...zeros, ...queries], 0);
        const attended = softmaxAttention(asking, project(seen, 1), project(seen, 2), config.numHeads).slice(padding);
        x = queries.map((query, t) => {
          const out = affine(attended[t], attention('out_proj.weight'), attention('out_proj.bias'));
          const z = norm(add(query, out), 'forward_layernorms');
          const hidden = affine(z, convolution('0.weight'), convolution('0.bias')).map(activation);
          return add(z, affine(hidden, convolution('3.weight'), convolution('3.bias')));
        });
      }
      if (config.finalNorm !== true) return { rows: x };
      const [gain, bias] = ['weight', 'bias'].map((name) => w[`last_layernorm.${name}`].data);
      return { rows: x.map((values) => layerNorm(values, 1e-8, gain, bias)) };
    },
  };
}
