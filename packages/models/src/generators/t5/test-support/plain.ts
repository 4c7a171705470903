import {
  add,
  affine,
  dot,
  geluTanh,
  headOf,
  relu,
  rootMeanSquareNorm,
  row,
  scale,
  sum,
  type Weights,
} from '../../../test-support/plain-maths.ts';
import type { T5Config } from '../config.ts';

/** Distances of a bucket, counted up: the bucket whose lower end is the last that `apart` has reached. */
function plainBucket(apart: number, buckets: number, maxDistance: number): number {
  const exact = Math.floor(buckets / 2);
  if (apart < exact) return apart;
  let bucket = exact;
  while (bucket + 1 < buckets && exact * (maxDistance / exact) ** ((bucket + 1 - exact) / (buckets - exact)) <= apart)
    bucket++;
  return bucket;
}

/** `b(i, j)` of a head: the table's number for the key at `j` and the query at `i`. */
function plainBias(w: Weights, stack: 'encoder' | 'decoder', config: T5Config) {
  const table = w[`${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`];
  const { relativeBuckets, maxDistance } = config;
  return (i: number, j: number, head: number): number => {
    if (stack === 'decoder') return row(table, plainBucket(i - j, relativeBuckets, maxDistance))[head];
    const half = Math.floor(relativeBuckets / 2);
    return row(table, (j > i ? half : 0) + plainBucket(Math.abs(j - i), half, maxDistance))[head];
  };
}

interface Attending {
  readonly weights: Weights;
  readonly name: string;
  readonly heads: number;
  /** Keys that query `i` sees are `0 .. past(i) - 1`. */
  readonly past: (i: number) => number;
  readonly bias?: (i: number, j: number, head: number) => number;
}

/** `softmax(q k + b) v Wo`, with no scale. */
function attention(
  queries: readonly number[][],
  keys: readonly number[][],
  { weights, name, heads, past, bias }: Attending,
): number[][] {
  const of = (part: string) => weights[`${name}.${part}.weight`];
  const [q, k, v] = [
    queries.map((x) => affine(x, of('q'))),
    ...['k', 'v'].map((part) => keys.map((x) => affine(x, of(part)))),
  ];
  const width = q[0].length / heads;
  return q.map((query, i) => {
    const mixed = Array.from({ length: heads }, (_, head) => {
      const own = headOf(query, head, width);
      const scores = k
        .slice(0, past(i))
        .map((key, j) => dot(own, headOf(key, head, width)) + (bias?.(i, j, head) ?? 0));
      const top = Math.max(...scores);
      const parts = scores.map((score) => Math.exp(score - top));
      const total = sum(parts);
      return Array.from({ length: width }, (_, c) =>
        sum(parts.map((part, j) => (part / total) * headOf(v[j], head, width)[c])),
      );
    });
    return affine(mixed.flat(), of('o'));
  });
}

function feedForward(w: Weights, name: string, x: readonly number[]): number[] {
  const of = (part: string) => w[`${name}.${part}.weight`];
  if (of('wi') !== undefined) return affine(affine(x, of('wi')).map(relu), of('wo'));
  const values = affine(x, of('wi_1'));
  const gated = affine(x, of('wi_0')).map((value, c) => geluTanh(value) * values[c]);
  return affine(gated, of('wo'));
}

/** A stack over rows of codes; a decoder's attends to `memory` too. */
function stack(w: Weights, name: 'encoder' | 'decoder', ids: readonly number[], config: T5Config, memory?: number[][]) {
  const table = w['shared.weight'] ?? w[`${name}.embed_tokens.weight`];
  const bias = plainBias(w, name, config);
  const normed = (rows: readonly number[][], gain: string) =>
    rows.map((x) => rootMeanSquareNorm(x, w[`${gain}.weight`].data));
  const added = (rows: readonly number[][], more: readonly number[][]) => rows.map((x, t) => add(x, more[t]));
  let x: number[][] = ids.map((id) => row(table, id));
  const count = name === 'encoder' ? config.encoderBlocks : config.decoderBlocks;
  for (let i = 0; i < count; i++) {
    const prefix = `${name}.block.${i}.layer`;
    const shared = { weights: w, heads: config.numHeads };
    const own = normed(x, `${prefix}.0.layer_norm`);
    const past = (t: number): number => (name === 'encoder' ? x.length : t + 1);
    x = added(x, attention(own, own, { ...shared, name: `${prefix}.0.SelfAttention`, past, bias }));
    if (memory !== undefined) {
      const asking = normed(x, `${prefix}.1.layer_norm`);
      const all = (): number => memory.length;
      x = added(x, attention(asking, memory, { ...shared, name: `${prefix}.1.EncDecAttention`, past: all }));
    }
    const last = memory === undefined ? 1 : 2;
    const fed = normed(x, `${prefix}.${last}.layer_norm`);
    x = added(
      x,
      fed.map((values) => feedForward(w, `${prefix}.${last}.DenseReluDense`, values)),
    );
  }
  return normed(x, `${name}.final_layer_norm`);
}

/** Logits of all rows after a history and some rows of an item, one after the other; `[written + 1, S + 1]`. */
export function plainT5(
  w: Weights,
  config: T5Config,
  history: readonly number[],
  written: readonly number[],
): number[][] {
  const memory = stack(w, 'encoder', history, config);
  const hidden = stack(w, 'decoder', [0, ...written], config, memory);
  const table = w['shared.weight'] ?? w['decoder.embed_tokens.weight'];
  const head = config.head === 'own' ? w['lm_head.weight'] : table;
  const factor = config.head === 'own' ? 1 : 1 / Math.sqrt(config.embeddingDim);
  return hidden.map((values) => affine(scale(values, factor), head));
}
