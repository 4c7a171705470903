import { affine, ITEMS, type PlainModel, row, scale, sigmoid } from '../../../test-support/plain-maths.ts';

/**
 * GRU4Rec: `r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)`, `z` likewise, `n = tanh(W_in x + b_in + r (W_hn h + b_hn))`,
 * `h' = (1 - z) n + z h` from a state of zeros; a linear map of the last layer's states unless
 * `outputProjection` is false. Rows of the weights are r, z, n.
 *
 * Source: Hidasi et al. 2016, section 3; gates in the form of `torch.nn.GRU`.
 */
export function plainGru4rec(config: {
  readonly numBlocks: number;
  readonly inputScale?: 'sqrt-dim' | 'one';
  readonly outputProjection?: boolean;
  readonly similarity?: 'cosine' | 'dot';
}): PlainModel {
  return {
    similarity: config.similarity,
    encode(w, { items }) {
      let inputs = items.map((item) => {
        const vector = row(w[ITEMS], item);
        return config.inputScale === 'one' ? vector : scale(vector, Math.sqrt(vector.length));
      });
      for (let layer = 0; layer < config.numBlocks; layer++) {
        const of = (name: string) => w[`gru.${name}_l${layer}`];
        const width = of('weight_hh').shape[1];
        let h = new Array<number>(width).fill(0);
        inputs = inputs.map((x) => {
          const fromInput = affine(x, of('weight_ih'), of('bias_ih'));
          const fromState = affine(h, of('weight_hh'), of('bias_hh'));
          h = h.map((before, c) => {
            const r = sigmoid(fromInput[c] + fromState[c]);
            const z = sigmoid(fromInput[width + c] + fromState[width + c]);
            const n = Math.tanh(fromInput[2 * width + c] + r * fromState[2 * width + c]);
            return (1 - z) * n + z * before;
          });
          return h;
        });
      }
      if (config.outputProjection === false) return { rows: inputs };
      return { rows: inputs.map((h) => affine(h, w['dense.weight'], w['dense.bias'])) };
    },
  };
}
