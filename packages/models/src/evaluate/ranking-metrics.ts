import { areaUnderCurve as areaOfClasses } from '@seqrec/data';
import { EvaluationError } from '../errors.ts';

/** Probabilities are held this far from 0 and 1, so that one confident mistake is not infinite. */
const FLOOR = 1e-7;

/**
 * Normalised entropy of binary predictions: mean log loss over the entropy of the base rate,
 * `NE = -(1/N) sum(y log p + (1 - y) log(1 - p)) / -(b log b + (1 - b) log(1 - b))`, `b` the share of positives. 1 is
 * no better than answering `b`.
 *
 * Source: He et al. 2014, section 3 (Practical Lessons from Predicting Clicks on Ads at Facebook).
 * @throws EvaluationError when there are no positives or no negatives.
 */
export function normalizedEntropy(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const both = Float64Array.from({ length: 2 * labels.length }, (_, i) =>
    i % 2 === 0 ? 1 - scores[i >> 1] : scores[i >> 1],
  );
  return categoricalNormalizedEntropy(both, labels, 2);
}

/**
 * The same over `classes` classes: mean `-log p[label]` over the entropy of the shares of the classes.
 *
 * @param probabilities `[N, classes]`, row-major
 * @param labels `[N]`
 */
export function categoricalNormalizedEntropy(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): number {
  const counts = new Float64Array(classes);
  let loss = 0;
  for (let e = 0; e < labels.length; e++) {
    counts[labels[e]]++;
    loss -= Math.log(Math.min(1 - FLOOR, Math.max(FLOOR, probabilities[e * classes + labels[e]])));
  }
  const entropy = counts.reduce((sum, count) => (count === 0 ? sum : sum - count * Math.log(count / labels.length)), 0);
  if (entropy > 0) return loss / entropy;
  throw new EvaluationError(
    `normalised entropy: expected events of at least two classes; got ${labels.length} of one; use more examples or another threshold`,
  );
}

/** Probability that a positive scores higher than a negative, ties counting half: the area under the ROC curve. */
export function areaUnderCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const of = (label: boolean): Float64Array =>
    Float64Array.from(Array.from(scores).filter((_, e) => (labels[e] === 1) === label));
  const [positives, negatives] = [of(true), of(false)];
  if (positives.length > 0 && negatives.length > 0) return areaOfClasses(positives, negatives);
  throw new EvaluationError(
    `area under the curve: expected positives and negatives; got ${positives.length} and ${negatives.length}; use another threshold`,
  );
}
