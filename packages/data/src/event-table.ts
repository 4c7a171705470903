/**
 * Rows while a file is read: four growing columns, 20 bytes a row (16 without ratings), never an object a row.
 *
 * `users` and `items` are interner codes. Capacity grows to what is expected, else by half, so that a
 * large file is copied seldom.
 */
export class EventTable {
  length = 0;
  users: Int32Array;
  items: Int32Array;
  times: Float64Array;
  ratings: Float32Array | undefined;

  readonly #expected: (() => number) | undefined;

  /** `expected`, asked when the columns are full, says about how many rows there will be in all. */
  constructor(withRatings: boolean, capacity = 1 << 16, expected?: () => number) {
    this.#expected = expected;
    this.users = new Int32Array(capacity);
    this.items = new Int32Array(capacity);
    this.times = new Float64Array(capacity);
    this.ratings = withRatings ? new Float32Array(capacity) : undefined;
  }

  push(user: number, item: number, time: number, rating: number): void {
    const at = this.length;
    if (at === this.users.length) this.#grow();
    this.users[at] = user;
    this.items[at] = item;
    this.times[at] = time;
    if (this.ratings !== undefined) this.ratings[at] = rating;
    this.length = at + 1;
  }

  /** Room for `count` more rows, which the caller fills in all columns; returns where they begin. */
  reserve(count: number): number {
    const begin = this.length;
    if (begin + count > this.users.length) this.#grow(begin + count);
    this.length = begin + count;
    return begin;
  }

  #grow(least = 0): void {
    const { length } = this;
    const capacity = Math.ceil(Math.max(1.05 * (this.#expected?.() ?? 1.5 * length), 1.1 * length, least));
    const grown = <A extends Int32Array | Float64Array | Float32Array>(next: A, old: A): A => {
      next.set(old);
      return next;
    };
    this.users = grown(new Int32Array(capacity), this.users);
    this.items = grown(new Int32Array(capacity), this.items);
    this.times = grown(new Float64Array(capacity), this.times);
    if (this.ratings !== undefined) this.ratings = grown(new Float32Array(capacity), this.ratings);
  }
}
