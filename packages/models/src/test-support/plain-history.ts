import type { EncodedColumn } from '@seqrec/data';
import { type PlainRows, plainField, range, type Vector, type Weights } from './plain-rows.ts';

/** Vectors of events, of the items judged and of the padding event, in plain loops. */
export interface PlainHistory {
  /** Of each example, oldest first. */
  readonly events: readonly Vector[][];
  readonly items: readonly Vector[];
  readonly padding: Vector;
  /** Width of the fields of the item. */
  readonly itemWidth: number;
}

export function plainHistory(w: Weights, { history }: PlainRows): PlainHistory {
  const { offsets, columns } = history!;
  const item = (at: number): Vector => plainField(w, 'fields.items.tags.weight', columns.items[0], at, 'mean');
  const own = (of: readonly EncodedColumn[], row: number): Vector =>
    ['action', 'amount'].flatMap((name, f) => plainField(w, `history.${name}.weight`, of[f], row, 'mean'));
  return {
    events: range(offsets.length - 1).map((b) =>
      range(offsets[b + 1] - offsets[b]).map((j) => {
        const t = offsets[b] + j;
        return [...item(columns.tokenItems[t]), ...own(columns.own, t)];
      }),
    ),
    items: range(offsets.length - 1).map((b) => [...item(columns.exampleItems[b]), ...own(columns.missing, b)]),
    padding: [...item(columns.padding), ...own(columns.missing, 0)],
    itemWidth: item(0).length,
  };
}
