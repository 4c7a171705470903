import { dot, ITEMS, type PlainModel, type PlainSequence, row, sum, unit, type Weights } from './plain-maths.ts';

export interface PlainLossOptions {
  readonly numItems: number;
  /** Divides the cosines; where a learned temperature starts. */
  readonly temperature: number;
  /** Share of the loss that predicts actions. */
  readonly actionWeight: number;
}

/** What products are taken of. */
const scoredAs = ({ similarity }: PlainModel): ((vector: readonly number[]) => number[]) =>
  similarity === 'dot' ? (vector) => [...vector] : unit;

/** Vectors, of length one unless products are scored, of the events of all sequences, one after another. */
export function plainEncoded(model: PlainModel, w: Weights, sequences: readonly PlainSequence[]): number[][] {
  return sequences.flatMap((sequence) => model.encode(w, sequence).rows.map(scoredAs(model)));
}

/** Mean over the events of the cross-entropy of the next item among all items, and of the event's own action. */
export function plainLoss(
  model: PlainModel,
  w: Weights,
  sequences: readonly PlainSequence[],
  { numItems, temperature, actionWeight }: PlainLossOptions,
): number {
  const theta = w['temperature.theta']?.data[0];
  const divisor = theta === undefined ? temperature : 0.01 + (temperature - 0.01) * Math.exp(theta);
  const itemVector = model.itemVector ?? ((weights: Weights, item: number) => row(weights[ITEMS], item));
  const items = Array.from({ length: numItems }, (_, i) => scoredAs(model)(itemVector(w, i + 1)));
  let itemLoss = 0;
  let actionLoss = 0;
  for (const sequence of sequences) {
    const { rows, actionLogits } = model.encode(w, sequence);
    for (const [t, encoded] of rows.entries()) {
      const vector = scoredAs(model)(encoded);
      const scores = items.map((item) => dot(vector, item) / divisor);
      itemLoss += crossEntropy(scores, sequence.targets[t] - 1);
      if (actionWeight > 0) {
        const action = Math.min(10, Math.max(1, Math.round(2 * sequence.ratings[t])));
        actionLoss += crossEntropy(actionLogits![t], action - 1);
      }
    }
  }
  const events = sum(sequences.map(({ items: own }) => own.length));
  return ((1 - actionWeight) * itemLoss + actionWeight * actionLoss) / events;
}

function crossEntropy(logits: readonly number[], label: number): number {
  const top = Math.max(...logits);
  return top + Math.log(sum(logits.map((logit) => Math.exp(logit - top)))) - logits[label];
}
