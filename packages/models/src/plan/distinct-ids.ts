/** Numbers of a table of marks that still fits into a processor's outer cache, and into memory many times over. */
const MOST_MARKS = 2 ** 24;

/** Finds the distinct ids of lists, again and again, for one table: by marks for a small one, else by sorting. */
export class DistinctIds {
  readonly #marks: Uint32Array | undefined;
  #mark = 0;

  constructor(rows: number) {
    this.#marks = rows <= MOST_MARKS ? new Uint32Array(rows) : undefined;
  }

  /** Each id once, in any order. */
  of(lists: readonly Int32Array[]): Int32Array {
    const length = lists.reduce((total, list) => total + list.length, 0);
    const all = new Int32Array(length);
    return this.#marks === undefined ? sorted(all, lists) : this.#marked(this.#marks, all, lists);
  }

  #marked(marks: Uint32Array, into: Int32Array, lists: readonly Int32Array[]): Int32Array {
    const mark = ++this.#mark;
    let count = 0;
    for (const list of lists) {
      for (let i = 0; i < list.length; i++) {
        if (marks[list[i]] === mark) continue;
        marks[list[i]] = mark;
        into[count++] = list[i];
      }
    }
    return into.slice(0, count);
  }
}

function sorted(into: Int32Array, lists: readonly Int32Array[]): Int32Array {
  let at = 0;
  for (const list of lists) {
    into.set(list, at);
    at += list.length;
  }
  into.sort();
  let count = 0;
  for (let i = 0; i < into.length; i++) if (i === 0 || into[i] !== into[i - 1]) into[count++] = into[i];
  return into.slice(0, count);
}
