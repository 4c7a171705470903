import { RowDirectory } from './row-directory.ts';

/** A place in the cache that a row has been given, and who had it before. */
export interface Claim {
  readonly slot: number;
  /** The row that was there, or -1. */
  readonly evicted: number;
  /** Whether that row has changes that the file lacks. */
  readonly isDirty: boolean;
}

/** Uses that a row is remembered for by default: measured by `seqrec bench tables`. */
export const DEFAULT_MEMORY = 15;

/**
 * Which rows are in a cache of `capacity` slots, and which one goes when another comes: a clock with counts. The hand
 * passes over the slots; a row that it meets with a count of 0 goes, any other loses one. A use adds one, up to
 * `memory`: 1 is the plain clock, which is close to least recently used; more keeps what is used often, though many
 * others come by once. Typed arrays alone: 26 to 42 bytes a slot beside the rows.
 *
 * Source: Corbató 1968 (the clock); Smith 1978, section 4 (counts), "generalised clock".
 */
export class RowCache {
  readonly capacity: number;
  readonly dirty: Uint8Array;
  /** The row of each slot, or -1. */
  readonly idOf: Int32Array;
  readonly #memory: number;
  readonly #counts: Uint8Array;
  /** The turn in which a slot was last pinned. */
  readonly #pinned: Uint32Array;
  readonly #directory: RowDirectory;
  #turn = 1;
  #pins = 0;
  #hand = 0;

  constructor(capacity: number, memory = DEFAULT_MEMORY) {
    this.capacity = capacity;
    this.#memory = memory;
    this.dirty = new Uint8Array(capacity);
    this.idOf = new Int32Array(capacity).fill(-1);
    this.#counts = new Uint8Array(capacity);
    this.#pinned = new Uint32Array(capacity);
    this.#directory = new RowDirectory(capacity);
  }

  /** The slot of a row, or -1. */
  find(id: number): number {
    return this.#directory.find(id);
  }

  /** Counts a use. */
  touch(slot: number): void {
    if (this.#counts[slot] < this.#memory) this.#counts[slot]++;
  }

  /** Keeps a slot until {@link nextTurn}; false where it was kept already. */
  pin(slot: number): boolean {
    if (this.#pinned[slot] === this.#turn) return false;
    this.#pinned[slot] = this.#turn;
    this.#pins++;
    return true;
  }

  /** Slots that are kept: there must be others when a row comes. */
  get pins(): number {
    return this.#pins;
  }

  /** Lets go of what was pinned. */
  nextTurn(): void {
    this.#turn++;
    this.#pins = 0;
  }

  /** Gives a row that is not there a slot, and pins it. */
  claim(id: number): Claim {
    const slot = this.#victim();
    const evicted = this.idOf[slot];
    const isDirty = this.dirty[slot] === 1;
    if (evicted >= 0) this.#directory.remove(evicted);
    this.#directory.add(id, slot);
    this.idOf[slot] = id;
    this.dirty[slot] = 0;
    this.pin(slot);
    return { slot, evicted, isDirty };
  }

  #victim(): number {
    for (;;) {
      const slot = this.#hand;
      this.#hand = slot + 1 === this.capacity ? 0 : slot + 1;
      if (this.#pinned[slot] === this.#turn) continue;
      if (this.#counts[slot] === 0) return slot;
      this.#counts[slot]--;
    }
  }
}
