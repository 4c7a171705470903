/**
 * Area under the ROC curve: the share of pairs of a positive and a negative in which the positive has the higher score,
 * ties counted half. Sorts both.
 */
export function areaUnderCurve(positives: Float64Array, negatives: Float64Array): number {
  positives.sort();
  negatives.sort();
  let [below, upTo, pairs] = [0, 0, 0];
  for (const score of positives) {
    while (below < negatives.length && negatives[below] < score) below++;
    if (upTo < below) upTo = below;
    while (upTo < negatives.length && negatives[upTo] <= score) upTo++;
    pairs += (below + upTo) / 2;
  }
  return pairs / (positives.length * negatives.length);
}
