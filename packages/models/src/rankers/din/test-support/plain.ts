import { plainDice, plainHiddenRows } from '../../../test-support/plain-dice.ts';
import type { PlainHistory } from '../../../test-support/plain-history.ts';
import { all, type Vector, type Weights } from '../../../test-support/plain-rows.ts';
import { type PlainDeep, type PlainPool, plainSoftmax, weighted } from '../../sequence/test-support/plain.ts';

type Activation = 'relu' | 'sigmoid' | 'prelu' | 'dice';

export interface PlainDinOptions {
  readonly softmax?: boolean;
  /** Of Dice: whether it is by the statistics of the batch. */
  readonly training?: boolean;
}

function activated(w: Weights, name: string, x: Vector, activation: Exclude<Activation, 'dice'>): Vector {
  if (activation === 'relu') return x.map((value) => Math.max(value, 0));
  if (activation === 'sigmoid') return x.map((value) => 1 / (1 + Math.exp(-value)));
  const slopes = all(w, `${name}.slope`);
  return x.map((value, d) => (value > 0 ? value : slopes[d] * value));
}

/** The attention unit with its four parts side by side, over the events of all examples. */
export function plainDin(activation: Activation, { softmax = false, training = false }: PlainDinOptions): PlainPool {
  const scoresOf = (w: Weights, { events, items }: PlainHistory): number[] => {
    const rows = events.flatMap((own, b) =>
      own.map((event): Vector => {
        const item = items[b];
        const difference = item.map((value, d) => value - event[d]);
        const product = item.map((value, d) => value * event[d]);
        return [...item, ...event, ...difference, ...product];
      }),
    );
    let hidden = 0;
    while (w.has(`attention.${hidden + 1}.weight`)) hidden++;
    const act = (of: readonly Vector[], name: string): Vector[] =>
      activation === 'dice' ? plainDice(w, name, of, training) : of.map((x) => activated(w, name, x, activation));
    return plainHiddenRows(w, 'attention', rows, hidden, act).map(([score]) => score);
  };
  const known = new WeakMap<PlainHistory, number[]>();
  return (w, history, b) => {
    const { events, padding } = history;
    const first = events.slice(0, b).reduce((sum, own) => sum + own.length, 0);
    const all = known.get(history) ?? scoresOf(w, history);
    known.set(history, all);
    const scores = all.slice(first, first + events[b].length);
    return weighted(events[b], softmax ? plainSoftmax(scores) : scores, padding.length);
  };
}

/** The hidden layers of the tower with Dice. */
export function plainDiceTower(training: boolean): PlainDeep {
  return (w, rows) => plainHiddenRows(w, 'deep', rows, 2, (of, name) => plainDice(w, name, of, training));
}
