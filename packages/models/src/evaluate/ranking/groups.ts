/** Rows by whose they are: groups are numbered from 0 in the order in which they first occur. */
export interface Groups {
  readonly count: number;
  /** Group of each row. */
  readonly of: Int32Array;
  /** What each group was called. */
  readonly ids: Float64Array;
}

export function numberGroups(ids: ArrayLike<number>): Groups {
  const numbers = new Map<number, number>();
  const of = new Int32Array(ids.length);
  for (let row = 0; row < ids.length; row++) {
    let number = numbers.get(ids[row]);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(ids[row], number);
    }
    of[row] = number;
  }
  return { count: numbers.size, of, ids: Float64Array.from(numbers.keys()) };
}

/** The rows of an order group by group, in that order: group `g` has the places `starts[g] .. starts[g + 1] - 1`. */
export interface RowsByGroup {
  readonly rows: Int32Array;
  readonly starts: Int32Array;
}

export function byGroup({ count, of }: Groups, order: Int32Array): RowsByGroup {
  const starts = new Int32Array(count + 1);
  for (const group of of) starts[group + 1]++;
  for (let group = 0; group < count; group++) starts[group + 1] += starts[group];
  const next = starts.slice(0, count);
  const rows = new Int32Array(order.length);
  for (const row of order) rows[next[of[row]]++] = row;
  return { rows, starts };
}
