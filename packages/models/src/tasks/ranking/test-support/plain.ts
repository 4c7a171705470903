// The loss of the task `ranking` as its formulas are written: float64, plain loops.
import type { Head } from '../heads.ts';
import type { RowTruth } from '../loss.ts';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

function plainRow({ loss, delta, negatives }: Head, z: number, y: number): number {
  const p = sigmoid(z);
  const huber = (d: number): number => (Math.abs(d) <= delta ? (d * d) / 2 : delta * (Math.abs(d) - delta / 2));
  switch (loss) {
    case 'binary':
    case 'soft-binary':
      return -y * Math.log(p) - (1 - y) * Math.log(1 - p);
    case 'sigmoid-squared':
      return (p - y) ** 2;
    case 'squared':
      return (z - y) ** 2;
    case 'log-mse':
      return (z - Math.log(1 + y)) ** 2;
    case 'huber':
      return huber(z - y);
    case 'log-huber':
      return huber(z - Math.log(1 + y));
    case 'weighted-logistic':
      return -y * Math.log(p) - (negatives === 'every-row' || y === 0 ? Math.log(1 - p) : 0);
    default:
      throw new Error(loss);
  }
}

/** `sum_l w_l L_l`, with log variances `sum_l w_l L_l / (2 sigma^2) + ln sigma`. */
export function plainRankingLoss(
  heads: readonly Head[],
  logits: readonly ArrayLike<number>[],
  truth: RowTruth,
  logVariances?: ArrayLike<number>,
): number {
  const { rows, labels, teachers } = truth;
  const probability = (l: number, b: number): number => {
    const { parent } = heads[l];
    return (parent === undefined ? 1 : probability(parent, b)) * sigmoid(logits[l][b]);
  };
  let total = 0;
  for (const [l, head] of heads.entries()) {
    let [sum, count] = [0, 0];
    if (head.loss === 'pairwise' || head.loss === 'listwise') {
      const groups = truth.groups as ArrayLike<number>;
      const known = [...labels[l].keys()].filter((b) => !Number.isNaN(labels[l][b]));
      for (const g of new Set(known.map((b) => groups[b]))) {
        const own = known.filter((b) => groups[b] === g);
        if (head.loss === 'pairwise') {
          for (const i of own) {
            for (const j of own) {
              if (labels[l][i] <= labels[l][j]) continue;
              sum -= Math.log(sigmoid(logits[l][i] - logits[l][j]));
              count++;
            }
          }
          continue;
        }
        const relevance = own.reduce((s, b) => s + labels[l][b], 0);
        if (relevance === 0) continue;
        const normaliser = own.reduce((s, b) => s + Math.exp(logits[l][b]), 0);
        for (const b of own) sum -= (labels[l][b] / relevance) * Math.log(Math.exp(logits[l][b]) / normaliser);
        count++;
      }
    } else {
      for (let b = 0; b < rows; b++) {
        const y = labels[l][b];
        if (Number.isNaN(y)) continue;
        if (head.parent !== undefined && head.condition === 'masked' && labels[head.parent][b] !== 1) continue;
        const p = probability(l, b);
        const isProduct = head.parent !== undefined && head.condition === 'product';
        let row = isProduct ? -y * Math.log(p) - (1 - y) * Math.log(1 - p) : plainRow(head, logits[l][b], y);
        const taught = teachers[l]?.[b];
        if (head.teacher !== undefined && taught !== undefined && !Number.isNaN(taught)) {
          row = (1 - head.teacher.share) * row + head.teacher.share * (sigmoid(logits[l][b]) - taught) ** 2;
        }
        const weight = truth.weights?.[b] ?? 1;
        sum += weight * row;
        count += weight;
      }
    }
    if (head.weight === 0) continue;
    const mean = count === 0 ? 0 : (head.weight * sum) / count;
    if (logVariances === undefined) total += mean;
    else total += mean / (2 * Math.exp(logVariances[l])) + Math.log(Math.sqrt(Math.exp(logVariances[l])));
  }
  return total;
}
