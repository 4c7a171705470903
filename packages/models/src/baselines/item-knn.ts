import type { ExampleSet } from '@seqrec/data';
import { incidence } from './incidence.ts';
import type { Scorer } from './scorer.ts';

export interface ItemKnnOptions {
  /** How many of the latest items count, default 10. */
  readonly last?: number;
  /** Weight of an item per step back in time, default 0.8. */
  readonly decay?: number;
}

interface Row {
  readonly items: Int32Array;
  readonly similarities: Float64Array;
}

/**
 * Cosine item-to-item neighbours.
 *
 * `co(i, j) = sum over users with both of 1 / log2(|u| + 2)`, pairs once per user over the `|u|` distinct items of the
 * training part; `score(j) = sum over the last items i, newest first, of decay^age * co(i, j) / sqrt(n_i n_j)`, `n_i`
 * the number of users with `i`. Neighbours of an item are computed when first needed and kept.
 *
 * @param train the training set before windows are cut.
 */
export function itemKnnBaseline(train: ExampleSet, { last = 10, decay = 0.8 }: ItemKnnOptions = {}): Scorer {
  const { numItems } = train.interactions;
  const { byUser, byItem } = incidence(train);
  const rows = new Map<number, Row>();
  const sums = new Float64Array(numItems + 1);

  function neighbours(item: number): Row {
    const known = rows.get(item);
    if (known !== undefined) return known;
    const touched: number[] = [];
    for (const user of byItem[item]) {
      const items = byUser[user];
      const weight = 1 / Math.log2(items.length + 2);
      for (const other of items) {
        if (sums[other] === 0) touched.push(other);
        sums[other] += weight;
      }
    }
    const items = Int32Array.from(touched.filter((other) => other !== item));
    const count = byItem[item].length;
    const similarities = Float64Array.from(items, (other) => sums[other] / Math.sqrt(count * byItem[other].length));
    for (const other of touched) sums[other] = 0;
    const row = { items, similarities };
    rows.set(item, row);
    return row;
  }

  return {
    name: 'item-knn',
    description: `cosine of co-occurrence with the last ${last} items, decay ${decay} per step back.`,
    numItems,
    score(history, out) {
      out.fill(0);
      let weight = 1;
      for (let e = history.length - 1; e >= Math.max(0, history.length - last); e--) {
        const { items, similarities } = neighbours(history[e]);
        for (let n = 0; n < items.length; n++) out[items[n]] += weight * similarities[n];
        weight *= decay;
      }
    },
  };
}
