import {
  add,
  affine,
  geluExact,
  ITEMS,
  layerNorm,
  type PlainModel,
  POSITIONS,
  relu,
  row,
  scale,
  softmaxAttention,
  type Weights,
} from '../../../test-support/plain-maths.ts';

/**
 * A pre-norm Transformer block, `z = x + MHA(LN(x))`, `y = z + W2 act(W1 LN(z))`, over one sequence.
 *
 * Source: Vaswani et al. 2017, section 3, with the norms of Xiong et al. 2020, figure 1b.
 */
export function plainTransformerBlock(
  x: readonly number[][],
  w: Weights,
  prefix: string,
  heads: number,
  activation = relu,
): number[][] {
  const of = (name: string) => w[`${prefix}${name}`];
  const norm = (values: readonly number[], name: string): number[] =>
    layerNorm(values, 1e-6, of(`${name}.weight`).data, of(`${name}.bias`).data);
  const normed = x.map((values) => norm(values, 'norm1'));
  const width = x[0].length;
  const [q, k, v] = [0, 1, 2].map((part) =>
    normed.map((values) => affine(values, of('in_proj_weight'), of('in_proj_bias'), part * width, width)),
  );
  const attended = softmaxAttention(q, k, v, heads);
  return x.map((values, t) => {
    const z = add(values, affine(attended[t], of('out_proj.weight'), of('out_proj.bias')));
    const hidden = affine(norm(z, 'norm2'), of('ffn.0.weight'), of('ffn.0.bias')).map(activation);
    return add(z, affine(hidden, of('ffn.2.weight'), of('ffn.2.bias')));
  });
}

/** `sqrt(D) E[id] + P[j]`, blocks, a layer norm. */
export function plainTransformer(config: {
  readonly numBlocks: number;
  readonly numHeads: number;
  readonly activation?: 'relu' | 'gelu';
}): PlainModel {
  const activation = config.activation === 'gelu' ? geluExact : relu;
  return {
    encode(w, { items }) {
      let x = items.map((item, j) => {
        const vector = row(w[ITEMS], item);
        return add(scale(vector, Math.sqrt(vector.length)), row(w[POSITIONS], j));
      });
      for (let i = 0; i < config.numBlocks; i++)
        x = plainTransformerBlock(x, w, `layers.${i}.`, config.numHeads, activation);
      const rows = x.map((values) => layerNorm(values, 1e-6, w['final_norm.weight'].data, w['final_norm.bias'].data));
      return { rows };
    },
  };
}
