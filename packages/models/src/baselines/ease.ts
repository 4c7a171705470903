import type { ExampleSet } from '@seqrec/data';
import { ConfigError, EvaluationError } from '../errors.ts';
import { incidence } from './incidence.ts';
import { inverseBytes, inverseError, inverseOfPositiveDefinite } from './inverse.ts';
import type { Scorer } from './scorer.ts';

export interface EaseOptions {
  /** Weight of the square of the weights, default 500. */
  readonly lambda?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Largest relative error of the inverse that is taken: metrics move in the fifth digit long after that. */
const TOLERANCE = 1e-3;

/** Bytes that {@link easeBaseline} has in use at its peak: six for every pair of items that have training events. */
export function easeBytes(train: ExampleSet): number {
  return inverseBytes(knownItems(incidence(train).byItem).length);
}

/**
 * EASE: the linear item-to-item model of least squares whose items may not predict themselves, in closed form.
 *
 * `B = I - P diag(1 / P_jj)`, `P = (X^T X + lambda I)^-1`, `X [U, I]` the binary matrix of users and their distinct
 * items of the training part; `score(j) = sum over the distinct items i of the history of B_ij`. Items without
 * training events have score 0, which is what the formula says. The order of the history plays no part.
 *
 * The inverse is float32 on the current backend. It is checked: `(X^T X + lambda I) P v = v`
 * for random `v`, in float64.
 *
 * Source: Steck 2019 (arXiv:1905.03375); lambda 500 is the paper's for ML-20M, and RecTools' default.
 * @param train the training set before windows are cut.
 * @throws ConfigError for a lambda that is not positive. EvaluationError when the inverse is too far off.
 */
export async function easeBaseline(train: ExampleSet, options: EaseOptions = {}): Promise<Scorer> {
  const { lambda = 500, onProgress } = options;
  if (!(lambda > 0) || !Number.isFinite(lambda))
    throw new ConfigError(`ease: lambda: expected a number above 0; got ${lambda}`, 'lambda');
  const { numItems } = train.interactions;
  const { byUser, byItem } = incidence(train);
  const ids = knownItems(byItem);
  const places = new Int32Array(numItems + 1).fill(-1);
  for (const [place, id] of ids.entries()) places[id] = place;
  const size = ids.length;

  // Ascending, so that a row ends at its diagonal: the rest of a symmetric matrix is not asked for.
  const rows = byUser.map((items) => items.map((item) => places[item]).sort());
  const writeRow = (place: number, out: Float32Array): void => {
    for (const user of byItem[ids[place]]) {
      const row = rows[user];
      for (let at = 0; at < row.length && row[at] <= place; at++) out[row[at]]++;
    }
    out[place] += lambda;
  };
  const weights = await inverseOfPositiveDefinite({ size, writeRow, onProgress });
  const error = inverseError(weights, size, (vector) => gramTimes(vector, rows, lambda));
  if (!(error <= TOLERANCE))
    throw new EvaluationError(
      `ease: expected an inverse with a relative error of at most ${TOLERANCE}; got ${error.toPrecision(2)}; use a larger lambda, or a backend whose products are float32`,
    );
  const diagonal = Float64Array.from({ length: size }, (_, j) => weights[j * size + j]);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) weights[i * size + j] /= -diagonal[j];
    weights[i * size + i] = 0;
  }

  const sums = new Float64Array(size);
  const seen = new Uint8Array(size);
  return {
    name: 'ease',
    description: `sum over the distinct items of the history of their EASE weights, lambda ${lambda}.`,
    numItems,
    score(history, out) {
      sums.fill(0);
      const rows = distinctPlaces(history, places, seen);
      addRows(weights, rows, sums);
      out.fill(0);
      for (let j = 0; j < size; j++) out[ids[j]] = sums[j];
    },
  };
}

/** Items with at least one training event. */
function knownItems(byItem: readonly (readonly number[])[]): number[] {
  return byItem.flatMap((users, item) => (users.length > 0 ? [item] : []));
}

/** Places of the distinct known items of a history; `seen` is all zero before and after. */
function distinctPlaces(history: Int32Array, places: Int32Array, seen: Uint8Array): number[] {
  const rows: number[] = [];
  for (const item of history) {
    const place = places[item];
    if (place < 0 || seen[place] === 1) continue;
    seen[place] = 1;
    rows.push(place);
  }
  for (const place of rows) seen[place] = 0;
  return rows;
}

/** Adds rows of a square matrix to `sums`, four at a time: what is added to is read and written once for them. */
function addRows(weights: Float32Array, rows: readonly number[], sums: Float64Array): void {
  const size = sums.length;
  let r = 0;
  for (; r + 4 <= rows.length; r += 4) {
    const [a, b, c, d] = [rows[r] * size, rows[r + 1] * size, rows[r + 2] * size, rows[r + 3] * size];
    for (let j = 0; j < size; j++) sums[j] += weights[a + j] + weights[b + j] + weights[c + j] + weights[d + j];
  }
  for (; r < rows.length; r++) {
    const at = rows[r] * size;
    for (let j = 0; j < size; j++) sums[j] += weights[at + j];
  }
}

/** `(X^T X + lambda I) v`. */
function gramTimes(vector: Float64Array, rows: readonly Int32Array[], lambda: number): Float64Array {
  const out = vector.map((value) => lambda * value);
  for (const row of rows) {
    let sum = 0;
    for (const place of row) sum += vector[place];
    for (const place of row) out[place] += sum;
  }
  return out;
}
