import { ShapeError } from '@seqrec/core';
import { EvaluationError } from '../../errors.ts';
import { byGroup, type Groups, numberGroups, type RowsByGroup } from './groups.ts';
import { ascendingOrder } from './order.ts';
import { logit, sigmoid } from './sigmoid.ts';

/** What every row has beside its prediction. */
export interface RowInput {
  readonly labels: ArrayLike<number>;
  /** User, session or request of each row, any number. */
  readonly groups?: ArrayLike<number>;
  /** Not negative; a weight of 2 is the same as the row twice. Default: 1. */
  readonly weights?: ArrayLike<number>;
}

/** Rows of two classes: labels 0 and 1, and a prediction as a logit or as a probability. */
export type ClickInput = RowInput &
  (
    | { readonly logits: ArrayLike<number>; readonly probabilities?: undefined }
    | { readonly probabilities: ArrayLike<number>; readonly logits?: undefined }
  );

export interface ClickOptions {
  /**
   * Logits are held in `+-ln((1 - clip) / clip)`, so that no loss of a row is above `-ln clip`. Default: 1e-7 for
   * probabilities, 0 (nothing is held) for logits. The order of the rows is of what was given.
   */
  readonly clip?: number;
}

/** Rows of real labels and predictions of them. */
export interface ValueInput extends RowInput {
  readonly predictions: ArrayLike<number>;
}

/** Rows that were checked, with what several metrics need: their order, their groups. */
export class ScoredRows {
  readonly size: number;
  /** What the rows are ordered by. */
  readonly scores: Float64Array;
  readonly labels: Float64Array;
  readonly weights: Float64Array;
  /** Whether weights were given. */
  readonly weighted: boolean;
  readonly groups: Groups | undefined;
  readonly totalWeight: number;
  #ascending: Int32Array | undefined;
  #byGroup: RowsByGroup | undefined;

  /** @throws ShapeError for columns of another length; EvaluationError for no rows or numbers out of range. */
  constructor(scores: ArrayLike<number>, { labels, weights, groups }: RowInput) {
    this.size = scores.length;
    if (this.size === 0) throw new EvaluationError('metrics of rows: expected at least one row; got none');
    for (const [name, column] of Object.entries({ labels, weights, groups })) {
      if (column === undefined || column.length === this.size) continue;
      throw new ShapeError(
        `metrics of rows: ${name}: expected ${this.size} numbers, one a prediction; got ${column.length}`,
      );
    }
    this.scores = finite('predictions', scores);
    this.labels = finite('labels', labels);
    this.weighted = weights !== undefined;
    this.weights = weights === undefined ? new Float64Array(this.size).fill(1) : finite('weights', weights);
    checkEach('weights', this.weights, (weight) => weight >= 0, 'numbers that are not negative');
    this.totalWeight = sumOf(this.weights);
    if (this.totalWeight === 0) throw new EvaluationError('metrics of rows: weights: expected one above 0; got none');
    this.groups = groups === undefined ? undefined : numberGroups(finite('groups', groups));
  }

  /** Rows by ascending score, equal ones as they came. */
  get ascending(): Int32Array {
    this.#ascending ??= ascendingOrder(this.scores);
    return this.#ascending;
  }

  /** The same, group by group. */
  get ascendingByGroup(): RowsByGroup {
    this.#byGroup ??= byGroup(this.groupsFor('metrics by group'), this.ascending);
    return this.#byGroup;
  }

  /** @throws EvaluationError, in the name of a metric, for rows without groups. */
  groupsFor(metric: string): Groups {
    if (this.groups !== undefined) return this.groups;
    throw new EvaluationError(`${metric}: expected rows with groups; got none; give the user of each row as groups`);
  }

  /** `sum w x` over the rows. */
  weightedSum(values: Float64Array): number {
    let sum = 0;
    for (let row = 0; row < this.size; row++) sum += this.weights[row] * values[row];
    return sum;
  }
}

/** Rows of two classes. */
export class ClickRows extends ScoredRows {
  readonly logits: Float64Array;
  readonly probabilities: Float64Array;
  readonly clip: number;
  /** `sum w y`. */
  readonly positiveWeight: number;

  constructor(input: ClickInput, { clip = input.logits === undefined ? 1e-7 : 0 }: ClickOptions = {}) {
    super(input.logits ?? input.probabilities, input);
    checkEach('labels', this.labels, (label) => label === 0 || label === 1, '0 or 1');
    if (!(clip >= 0 && clip < 0.5)) {
      throw new EvaluationError(`metrics of rows: clip: expected a number from 0 and below 0.5; got ${clip}`);
    }
    this.clip = clip;
    if (input.logits === undefined) {
      checkEach('probabilities', this.scores, (p) => p >= 0 && p <= 1, 'numbers from 0 to 1');
      this.probabilities = this.scores;
    } else this.probabilities = this.scores.map(sigmoid);
    const most = -logit(clip);
    const logits = input.logits === undefined ? this.scores.map(logit) : this.scores;
    this.logits = clip === 0 ? logits : logits.map((z) => Math.min(most, Math.max(-most, z)));
    this.positiveWeight = this.weightedSum(this.labels);
  }

  /** Weighted share of positives. */
  get baseRate(): number {
    return this.positiveWeight / this.totalWeight;
  }
}

/**
 * Checks and copies rows of two classes for the metrics below.
 *
 * @throws ShapeError for columns of another length; EvaluationError for no rows, a label that is neither 0 nor 1, a
 *   probability outside [0, 1], a weight below 0, or a number that is not finite.
 */
export function clickRows(input: ClickInput, options?: ClickOptions): ClickRows {
  return new ClickRows(input, options);
}

/**
 * The same for rows of real labels.
 *
 * @throws ShapeError and EvaluationError as {@link clickRows}.
 */
export function valueRows(input: ValueInput): ScoredRows {
  return new ScoredRows(input.predictions, input);
}

export function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}

function finite(name: string, values: ArrayLike<number>): Float64Array {
  const copy = Float64Array.from(values);
  checkEach(name, copy, Number.isFinite, 'finite numbers');
  return copy;
}

function checkEach(name: string, values: Float64Array, isFit: (value: number) => boolean, expected: string): void {
  const row = values.findIndex((value) => !isFit(value));
  if (row < 0) return;
  throw new EvaluationError(`metrics of rows: ${name}: expected ${expected}; got ${values[row]} in row ${row}`);
}
