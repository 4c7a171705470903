/** 2^32 divided by the golden ratio: spreads neighbouring ids. */
const SPREAD = 0x9e3779b1;

/**
 * The slot of each row that has one: open addressing with linear probing in two typed arrays, at most half full. Costs
 * memory by the slots and not by the rows of the table.
 */
export class RowDirectory {
  readonly #shift: number;
  readonly #mask: number;
  /** -1 is an empty place. */
  readonly #ids: Int32Array;
  readonly #slots: Int32Array;

  /** @param most entries at any time. */
  constructor(most: number) {
    const bits = Math.max(2, Math.ceil(Math.log2(2 * most)));
    this.#shift = 32 - bits;
    this.#mask = 2 ** bits - 1;
    this.#ids = new Int32Array(2 ** bits).fill(-1);
    this.#slots = new Int32Array(2 ** bits);
  }

  /** The slot of a row, or -1. */
  find(id: number): number {
    const ids = this.#ids;
    for (let at = this.#home(id); ; at = (at + 1) & this.#mask) {
      if (ids[at] === id) return this.#slots[at];
      if (ids[at] === -1) return -1;
    }
  }

  /** Adds a row that is not there. */
  add(id: number, slot: number): void {
    let at = this.#home(id);
    while (this.#ids[at] !== -1) at = (at + 1) & this.#mask;
    this.#ids[at] = id;
    this.#slots[at] = slot;
  }

  /** Removes a row that is there. Entries behind it move up, so that no mark of what was removed slows searches. */
  remove(id: number): void {
    const [ids, slots, mask] = [this.#ids, this.#slots, this.#mask];
    let hole = this.#home(id);
    while (ids[hole] !== id) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; ids[at] !== -1; at = (at + 1) & mask) {
      // An entry may fill the hole unless its home lies behind the hole.
      if (((at - this.#home(ids[at])) & mask) < ((at - hole) & mask)) continue;
      ids[hole] = ids[at];
      slots[hole] = slots[at];
      hole = at;
    }
    ids[hole] = -1;
  }

  #home(id: number): number {
    return Math.imul(id, SPREAD) >>> this.#shift;
  }
}
