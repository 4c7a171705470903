import { EvaluationError } from '../errors.ts';

/** Probabilities are held this far from 0 and 1, so that one confident mistake is not infinite. */
const FLOOR = 1e-7;

/**
 * Normalised entropy over `classes` classes: mean `-log p[label]` over the entropy of the shares of the classes.
 * Probabilities are held 1e-7 from 0 and 1. Of two classes: `normalizedEntropy`.
 *
 * @param probabilities `[N, classes]`, row-major
 * @param labels `[N]`
 */
export function categoricalNormalizedEntropy(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): number {
  if (probabilities.length !== labels.length * classes)
    throw new EvaluationError(
      `normalised entropy: expected ${classes} probabilities of each of ${labels.length} events; got ${probabilities.length}`,
    );
  const counts = new Float64Array(classes);
  let loss = 0;
  for (let e = 0; e < labels.length; e++) {
    if (!(Number.isInteger(labels[e]) && labels[e] >= 0 && labels[e] < classes))
      throw new EvaluationError(
        `normalised entropy: expected labels that are whole numbers in 0..${classes - 1}; got ${labels[e]} of event ${e}`,
      );
    counts[labels[e]]++;
    loss -= Math.log(Math.min(1 - FLOOR, Math.max(FLOOR, probabilities[e * classes + labels[e]])));
  }
  const entropy = counts.reduce((sum, count) => (count === 0 ? sum : sum - count * Math.log(count / labels.length)), 0);
  if (entropy > 0) return loss / entropy;
  throw new EvaluationError(
    `normalised entropy: expected events of at least two classes; got ${labels.length} of one; use more examples or another threshold`,
  );
}
