import { UnsupportedError } from '@seqrec/core';
import { UndefinedMetricError } from '../../errors.ts';
import { endOfTies } from './order.ts';
import type { ClickRows } from './rows.ts';

/** A value with its 95 % interval under the normal distribution. */
export interface NormalInterval {
  readonly value: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % interval of the area under the ROC curve over rows that are independent. Rows of one user are not: the bootstrap
 * over users is the interval to report, this one is a check on it.
 *
 * `V_i`, of a positive the share of negatives below it and of a negative the share of positives above it (ties half),
 * have the area as their mean in both classes; `variance = var(V of positives) / m + var(V of negatives) / n`.
 *
 * Source: DeLong et al. 1988 (Biometrics 44), with mean ranks as in Sun and Xu 2014.
 * @throws UndefinedMetricError with fewer than two rows in a class; UnsupportedError for rows with weights.
 */
export function areaInterval(rows: ClickRows): NormalInterval {
  return intervalOf(rows, placements(rows));
}

/**
 * The same of the difference of two areas on the same rows, `b - a`.
 *
 * @throws also UndefinedMetricError when the labels of the two differ.
 */
export function areaDifferenceInterval(a: ClickRows, b: ClickRows): NormalInterval {
  if (a.size !== b.size || a.labels.some((label, row) => label !== b.labels[row])) {
    throw new UndefinedMetricError('difference of AUC', 'expected the same rows twice; got other labels');
  }
  const [ofA, ofB] = [placements(a), placements(b)];
  return intervalOf(
    a,
    ofB.map((value, row) => value - ofA[row]),
  );
}

/** `V` of each row. */
function placements(rows: ClickRows): Float64Array {
  if (rows.weighted) {
    throw new UnsupportedError('DeLong: expected rows without weights; got weights; use the bootstrap over users');
  }
  const positives = rows.positiveWeight;
  const negatives = rows.size - positives;
  if (positives < 2 || negatives < 2) {
    throw new UndefinedMetricError(
      'interval of AUC',
      `expected two positives and two negatives at least; got ${positives} and ${negatives}`,
    );
  }
  const { ascending, scores, labels } = rows;
  const values = new Float64Array(rows.size);
  let [positivesBelow, negativesBelow] = [0, 0];
  for (let at = 0; at < ascending.length; ) {
    const next = endOfTies(ascending, scores, at, ascending.length);
    let own = 0;
    for (let i = at; i < next; i++) own += labels[ascending[i]];
    const others = next - at - own;
    for (let i = at; i < next; i++) {
      const row = ascending[i];
      values[row] =
        labels[row] === 1
          ? (negativesBelow + others / 2) / negatives
          : (positives - positivesBelow - own / 2) / positives;
    }
    positivesBelow += own;
    negativesBelow += others;
    at = next;
  }
  return values;
}

/** The two-sided 95 % point of the normal distribution. */
const NORMAL_95 = 1.959963984540054;

function intervalOf({ labels }: ClickRows, values: Float64Array): NormalInterval {
  let variance = 0;
  let value = 0;
  for (const label of [0, 1]) {
    const own = values.filter((_, row) => labels[row] === label);
    value = own.reduce((sum, each) => sum + each, 0) / own.length;
    const squares = own.reduce((sum, each) => sum + (each - value) ** 2, 0);
    variance += squares / (own.length - 1) / own.length;
  }
  const standardError = Math.sqrt(variance);
  return { value, standardError, low: value - NORMAL_95 * standardError, high: value + NORMAL_95 * standardError };
}
