import { type ExampleSet, trainingSequences } from '@seqrec/data';
import { type Rows, unitRows } from './rows.ts';
import type { Sparse } from './sparse.ts';
import { type TruncatedSvdOptions, truncatedSvd } from './truncated-svd.ts';

export interface SppmiOptions {
  /** Items after an item that it is counted with; default 5. */
  readonly window?: number;
  /** `k`, by whose logarithm every value is smaller; default 1. */
  readonly shift?: number;
  /** Whether pairs count in both directions; default no. */
  readonly symmetric?: boolean;
}

/** How often item `i` comes before item `j` within a window, `[items, items]`. */
export function pairCounts(
  sequences: Iterable<ArrayLike<number>>,
  items: number,
  { window = 5, symmetric = false }: Pick<SppmiOptions, 'window' | 'symmetric'> = {},
): Sparse {
  const rows = Array.from({ length: items }, () => new Map<number, number>());
  const add = (i: number, j: number): void => {
    rows[i].set(j, (rows[i].get(j) ?? 0) + 1);
  };
  for (const sequence of sequences) {
    for (let t = 0; t < sequence.length; t++) {
      for (let later = t + 1; later <= Math.min(t + window, sequence.length - 1); later++) {
        add(sequence[t], sequence[later]);
        if (symmetric) add(sequence[later], sequence[t]);
      }
    }
  }
  return fromRows(rows, items);
}

/**
 * Shifted positive pointwise mutual information, `max(0, ln(c_ij C / (c_i. c_.j)) - ln k)` where `c_ij > 0`.
 *
 * Source: Levy and Goldberg 2014.
 */
export function sppmi({ rows, columns, offsets, indices, values }: Sparse, shift = 1): Sparse {
  const [from, to] = [new Float64Array(rows), new Float64Array(columns)];
  let total = 0;
  for (let i = 0; i < rows; i++) {
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      from[i] += values[e];
      to[indices[e]] += values[e];
      total += values[e];
    }
  }
  const kept = Array.from({ length: rows }, (_, i) => {
    const row = new Map<number, number>();
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      const value = Math.log((values[e] * total) / (from[i] * to[indices[e]])) - Math.log(shift);
      if (value > 0) row.set(indices[e], value);
    }
    return row;
  });
  return fromRows(kept, columns);
}

function fromRows(rows: readonly ReadonlyMap<number, number>[], columns: number): Sparse {
  const sorted = rows.map((row) => [...row].sort(([a], [b]) => a - b));
  const offsets = new Int32Array(rows.length + 1);
  for (const [i, row] of sorted.entries()) offsets[i + 1] = offsets[i] + row.length;
  return {
    ...{ rows: rows.length, columns, offsets },
    indices: Int32Array.from(sorted.flatMap((row) => row.map(([j]) => j))),
    values: Float64Array.from(sorted.flatMap((row) => row.map(([, value]) => value))),
  };
}

export interface BehaviourVectorsOptions extends SppmiOptions, Pick<TruncatedSvdOptions, 'seed'> {
  /** Width of the vectors, default 128. */
  readonly width?: number;
}

/**
 * Vectors of items from what comes near them in training histories: rows of `U S` of {@link sppmi}, of length 1 each;
 * an item that never stands beside another is a row of zeros. Row `i - 1` is item `i`.
 *
 * @param train what models train on: nothing else is read, so that no event of a test is in the ids.
 */
export function behaviourVectors(train: ExampleSet, options: BehaviourVectorsOptions = {}): Rows {
  const { width = 128, shift, seed, ...pairs } = options;
  const places = Array.from(trainingSequences(train), (items) => items.map((item) => item - 1));
  const counts = pairCounts(places, train.interactions.numItems, pairs);
  return unitRows(truncatedSvd(sppmi(counts, shift), { columns: width, seed }).us);
}
