import { integers, normals, streamKey } from '@seqrec/core';

/** Sizes of a made-up golden file. */
export interface Sizes {
  readonly numItems: number;
  readonly embeddingDim: number;
  readonly maxSequenceLength: number;
  readonly numHeads: number;
  readonly dqk: number;
  readonly dv: number;
  readonly numNegatives: number;
  readonly lengths: readonly number[];
}

const OUTPUT_LENGTH = 11;
const PREFIX = '_hstu._attention_layers.0.';

/**
 * A golden file of one HSTU block, computed here in float64 on padded matrices, head by head, straight
 * from the formulas and without any code of the package: for sizes that the reference's files do not
 * have. Outputs and loss only.
 */
export function paddedHstu(sizes: Sizes): Record<string, unknown> {
  const { numItems, embeddingDim: d, numHeads: h, dqk, dv, numNegatives: r, lengths } = sizes;
  const n = sizes.maxSequenceLength + OUTPUT_LENGTH;
  const b = lengths.length;
  const draw = (name: string, shape: number[], std: number): { shape: number[]; data: number[] } => {
    const count = shape.reduce((product, axis) => product * axis, 1);
    return { shape, data: [...normals(streamKey(11, name), 0, count)].map((value) => Math.fround(value * std)) };
  };
  const parameters = {
    '_embedding_module._item_emb.weight': draw('e', [numItems + 1, d], 0.5),
    '_input_features_preproc._pos_emb.weight': draw('p', [n, d], 0.5),
    [`${PREFIX}_uvqk`]: draw('w', [d, 2 * h * dv + 2 * h * dqk], 0.7),
    [`${PREFIX}_rel_attn_bias._ts_w`]: draw('t', [129], 0.5),
    [`${PREFIX}_rel_attn_bias._pos_w`]: draw('r', [2 * n - 1], 0.5),
    [`${PREFIX}_o.weight`]: draw('o', [d, h * dv], 0.7),
    [`${PREFIX}_o.bias`]: draw('c', [d], 0.5),
  };
  const [e, p, w, tsW, posW, wo, bo] = Object.values(parameters).map(({ data }) => data);
  const ids = new Array<number>(b * n).fill(0);
  const timestamps = new Array<number>(b * n).fill(0);
  for (const [s, length] of lengths.entries()) {
    const items = integers(streamKey(12, 'ids'), s, n, 1, numItems);
    const gaps = integers(streamKey(12, 'gaps'), s, n, 0, 4000);
    for (let j = 0; j <= length; j++) {
      ids[s * n + j] = items[j];
      timestamps[s * n + j] = (j === 0 ? 978_300_000 : timestamps[s * n + j - 1]) + (j % 3 === 0 ? 0 : gaps[j]);
    }
  }
  const silu = (x: number): number => x / (1 + Math.exp(-x));
  const norm = (row: number[]): number[] => {
    const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
    const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
    return row.map((x) => (x - mean) / Math.sqrt(variance + 1e-6));
  };
  const unit = (row: number[]): number[] => row.map((x) => x / Math.max(Math.hypot(...row), 1e-6));
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const encoded = new Array<number>(b * n * d).fill(0);
  const negatives = [...integers(streamKey(12, 'neg'), 0, lengths.reduce((x, y) => x + y, 0) * r, 1, numItems)];
  let loss = 0;
  let token = 0;
  for (const [s, length] of lengths.entries()) {
    const at = (j: number): number => s * n + j;
    const x = range(length).map((j) => range(d).map((k) => Math.sqrt(d) * e[ids[at(j)] * d + k] + p[j * d + k]));
    const width = 2 * h * dv + 2 * h * dqk;
    const mixed = x.map((row) => {
      const normed = norm(row);
      return range(width).map((c) => silu(normed.reduce((sum, value, k) => sum + value * w[k * width + c], 0)));
    });
    const bucket = (difference: number): number =>
      Math.min(128, Math.trunc(Math.log(Math.max(Math.abs(difference), 1)) / 0.301));
    for (const i of range(length)) {
      const o = range(h * dv).map((column) => {
        const head = Math.floor(column / dv);
        let sum = 0;
        for (let j = 0; j <= i; j++) {
          let score = posW[j - i + n - 1] + tsW[bucket(timestamps[at(i + 1)] - timestamps[at(j)])];
          for (const a of range(dqk)) {
            score += mixed[i][2 * h * dv + head * dqk + a] * mixed[j][2 * h * dv + h * dqk + head * dqk + a];
          }
          sum += (silu(score) / n) * mixed[j][h * dv + column];
        }
        return sum;
      });
      const gated = norm(o).map((value, c) => value * mixed[i][c]);
      const y = unit(
        range(d).map((k) => x[i][k] + bo[k] + gated.reduce((sum, value, c) => sum + value * wo[k * h * dv + c], 0)),
      );
      for (const k of range(d)) encoded[at(i) * d + k] = y[k];
      const logit = (item: number): number =>
        unit(e.slice(item * d, (item + 1) * d)).reduce((sum, value, k) => sum + value * y[k], 0) / 0.05;
      const positive = ids[at(i + 1)];
      const drawn = negatives.slice(token * r, (token + 1) * r).map((item) => (item === positive ? -5e4 : logit(item)));
      const all = [logit(positive), ...drawn];
      const top = Math.max(...all);
      loss += top + Math.log(all.reduce((sum, value) => sum + Math.exp(value - top), 0)) - all[0];
      token++;
    }
  }
  const { lengths: _, ...dims } = sizes;
  return {
    name: 'padded-float64',
    kind: 'hstu',
    config: { ...dims, outputLength: OUTPUT_LENGTH, paddedLength: n, numBlocks: 1, ffnDim: 0, temperature: 0.05 },
    lengths: [...lengths],
    ids: { shape: [b, n], data: ids },
    timestamps: { shape: [b, n], data: timestamps },
    negatives: { shape: [token, r], data: negatives },
    parameters,
    encoded: { shape: [b, n, d], data: encoded },
    loss: loss / token,
    gradients: {},
  };
}
