import {
  add,
  affine,
  headOf,
  ITEMS,
  type PlainModel,
  rootMeanSquareNorm,
  rotated,
  row,
  scale,
  silu,
  softmaxAttention,
} from '../../../test-support/plain-maths.ts';

/**
 * A decoder of the LLaMA family: `z = x + Wo Attention(RoPE(q), RoPE(k), v)`, `y = z + W2 (silu(W1 n) * W3 n)`,
 * `n = RMS(z)`; no biases, no table of positions, a final norm. Rows of `wqkv` are q, k, v, of `w13` W1, W3.
 *
 * Source: Touvron et al. 2023, section 2.2; Zhang & Sennrich 2019, equation 4; Shazeer 2020, equation 6; Su
 * et al. 2021, equation 34.
 */
export function plainTransformerPlusPlus(config: {
  readonly numBlocks: number;
  readonly numHeads: number;
}): PlainModel {
  return {
    encode(w, { items }) {
      let x = items.map((item) => {
        const vector = row(w[ITEMS], item);
        return scale(vector, Math.sqrt(vector.length));
      });
      for (let i = 0; i < config.numBlocks; i++) {
        const of = (name: string) => w[`layers.${i}.${name}`];
        const normed = x.map((values) => rootMeanSquareNorm(values, of('norm1.weight').data));
        const width = of('attention.wqkv').shape[0] / 3;
        const [q, k, v] = [0, 1, 2].map((part) =>
          normed.map((values) => affine(values, of('attention.wqkv'), undefined, part * width, width)),
        );
        const turned = (rows: readonly number[][]): number[][] =>
          rows.map((values, position) =>
            Array.from({ length: config.numHeads }, (_, head) =>
              rotated(headOf(values, head, width / config.numHeads), position),
            ).flat(),
          );
        const attended = softmaxAttention(turned(q), turned(k), v, config.numHeads);
        x = x.map((values, t) => {
          const z = add(values, affine(attended[t], of('attention.wo')));
          const n = rootMeanSquareNorm(z, of('norm2.weight').data);
          const hidden = of('ffn.w13').shape[0] / 2;
          const gate = affine(n, of('ffn.w13'), undefined, 0, hidden);
          const value = affine(n, of('ffn.w13'), undefined, hidden, hidden);
          return add(
            z,
            affine(
              gate.map((g, c) => silu(g) * value[c]),
              of('ffn.w2'),
            ),
          );
        });
      }
      return { rows: x.map((values) => rootMeanSquareNorm(values, w['final_norm.weight'].data)) };
    },
  };
}
