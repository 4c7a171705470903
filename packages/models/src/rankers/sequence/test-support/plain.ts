import { type PlainHistory, plainHistory } from '../../../test-support/plain-history.ts';
import {
  affine,
  type PlainRows,
  plainHidden,
  plainVectors,
  range,
  type Vector,
  type Weights,
} from '../../../test-support/plain-rows.ts';
import { plainCross } from '../../dcn-v2/test-support/plain.ts';

export type PlainPool = (w: Weights, history: PlainHistory, b: number) => Vector;

/** Hidden layers `deep` over the rows of a batch. */
export type PlainDeep = (w: Weights, rows: readonly Vector[]) => readonly Vector[];

/**
 * `tower([e_1 ; ... ; e_F ; module])`, of a tower of two hidden layers.
 *
 * @param deep default: row by row with ReLU.
 */
export function plainSequence(
  w: Weights,
  rows: PlainRows,
  pool: PlainPool,
  deep: PlainDeep = (_, all) => all.map((x) => plainHidden(w, 'deep', x, 2)),
): number[][] {
  const history = plainHistory(w, rows);
  const inputs = range(rows.rows).map((b) => [...plainVectors(w, rows, b).flat(), ...pool(w, history, b)]);
  const hidden = deep(w, inputs);
  return inputs.map((x, b) => {
    if (!w.has('head.weight')) return [...hidden[b]];
    return affine(w, 'head', [...plainCross(w, x, 1), ...hidden[b]]);
  });
}

/** The sum of vectors, each times a number; zeros of `width` where there is none. */
export function weighted(vectors: readonly Vector[], shares: readonly number[], width: number): Vector {
  return range(width).map((d) => vectors.reduce((sum, vector, j) => sum + shares[j] * vector[d], 0));
}

export function plainSoftmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
