import { EvaluationError } from '../../errors.ts';
import { ClickRows } from './rows.ts';

/** A map from logits to probabilities that was fitted on rows of validation. */
export interface Calibrator {
  readonly kind: string;
  /** What it is, in words. */
  readonly definition: string;
  /** Probabilities of logits. */
  predict(logits: ArrayLike<number>): Float64Array;
  /** Logits of the same, where the calibrator has them: no digits are lost near 0 and 1. */
  predictLogits?(logits: ArrayLike<number>): Float64Array;
}

/** The same rows with what a calibrator makes of their predictions. Probabilities of 0 and 1 are held at `1e-7`. */
export function recalibrate(rows: ClickRows, calibrator: Calibrator): ClickRows {
  const logits = finiteLogits(calibrator.kind, rows);
  const { labels, groups } = rows;
  const kept = {
    labels,
    ...(rows.weighted && { weights: rows.weights }),
    ...(groups !== undefined && { groups: Float64Array.from(groups.of, (group) => groups.ids[group]) }),
  };
  const calibrated = calibrator.predictLogits?.(logits);
  return new ClickRows(
    calibrated === undefined ? { ...kept, probabilities: calibrator.predict(logits) } : { ...kept, logits: calibrated },
  );
}

/** @throws EvaluationError for a probability of exactly 0 or 1 without a clip. */
export function finiteLogits(what: string, { logits, probabilities }: ClickRows): Float64Array {
  const row = logits.findIndex((z) => !Number.isFinite(z));
  if (row < 0) return logits;
  throw new EvaluationError(
    `${what}: expected finite logits; got a probability of ${probabilities[row]} in row ${row}; give a clip`,
  );
}
