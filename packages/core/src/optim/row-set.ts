import { ShapeError } from '../errors.ts';

/** The distinct rows of a table that a step reads, in increasing order, and where each id lies among them. */
export interface RowSet {
  /** Strictly increasing, int32 `[U]`. */
  readonly ids: Int32Array;
  /** Places in `ids` of ids that the set was made from, in the same order. */
  indicesOf(ids: Int32Array): Int32Array;
}

/** Words of a bit set for each id, from which on sorting costs less than a pass over the words. */
const SPARSE = 16;

/**
 * The distinct ids of some lists. Costs one pass over the lists and one over `numRows / 32` words; two of its tables,
 * of `numRows / 8` bytes each, stay in a processor's cache where a table of places would not. Few ids of a very big
 * table are sorted instead.
 *
 * @param numRows the ids are in `0 .. numRows - 1`.
 * @throws ShapeError naming an id outside.
 */
export function rowSet(numRows: number, lists: readonly Int32Array[]): RowSet {
  const words = Math.ceil(numRows / 32);
  let total = 0;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const id = list[i];
      if (id >= 0 && id < numRows) continue;
      throw new ShapeError(`rowSet: expected ids from 0 to ${numRows - 1}; got ${id} at position ${i}`);
    }
    total += list.length;
  }
  if (words > SPARSE * total) return sortedRowSet(lists, total);
  const present = new Uint32Array(words);
  for (const list of lists) for (let i = 0; i < list.length; i++) present[list[i] >>> 5] |= 1 << (list[i] & 31);
  /** Ids in the words before each word. */
  const before = new Int32Array(words);
  let count = 0;
  for (let word = 0; word < words; word++) {
    before[word] = count;
    if (present[word] !== 0) count += bitCount(present[word]);
  }
  const ids = new Int32Array(count);
  for (let word = 0, at = 0; word < words; word++) {
    for (let bits = present[word]; bits !== 0; bits &= bits - 1) ids[at++] = word * 32 + 31 - Math.clz32(bits & -bits);
  }
  return {
    ids,
    indicesOf(list) {
      const places = new Int32Array(list.length);
      for (let i = 0; i < list.length; i++) {
        const id = list[i];
        const word = id >>> 5;
        places[i] = before[word] + bitCount(present[word] & ((1 << (id & 31)) - 1));
      }
      return places;
    },
  };
}

/** The same by sorting; places are searched for by halves. */
function sortedRowSet(lists: readonly Int32Array[], total: number): RowSet {
  const sorted = new Int32Array(total);
  let length = 0;
  for (const list of lists) {
    sorted.set(list, length);
    length += list.length;
  }
  sorted.sort();
  let count = 0;
  for (let i = 0; i < total; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i];
  const ids = sorted.slice(0, count);
  return {
    ids,
    indicesOf(list) {
      const places = new Int32Array(list.length);
      for (let i = 0; i < list.length; i++) {
        let [low, high] = [0, count];
        while (low < high) {
          const middle = (low + high) >>> 1;
          if (ids[middle] < list[i]) low = middle + 1;
          else high = middle;
        }
        places[i] = low;
      }
      return places;
    },
  };
}

/** Bits set in a 32-bit word: sums of two, four and eight bits side by side. */
function bitCount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
