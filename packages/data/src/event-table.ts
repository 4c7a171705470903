/** Gives each distinct key a code 0, 1, 2, ... in order of first appearance. */
export class Interner<K extends string | number> {
  readonly keys: K[] = [];
  readonly #codes = new Map<K, number>();

  /** Code of `key`, new if it was not seen before. */
  intern(key: K): number {
    let code = this.#codes.get(key);
    if (code === undefined) {
      code = this.keys.length;
      this.#codes.set(key, code);
      this.keys.push(key);
    }
    return code;
  }

  /** Code of `key`, or `undefined` if it was never seen. */
  find(key: K): number | undefined {
    return this.#codes.get(key);
  }
}

/**
 * Rows while a file is read: four growing columns, 20 bytes a row (16 without ratings), never an object a row.
 *
 * `users` and `items` are interner codes. Capacity grows by half, so that a large file is copied seldom and at most a
 * third of the memory is unused.
 */
export class EventTable {
  length = 0;
  users: Int32Array;
  items: Int32Array;
  times: Float64Array;
  ratings: Float32Array | undefined;

  constructor(withRatings: boolean, capacity = 1 << 16) {
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

  #grow(): void {
    const capacity = Math.ceil(this.users.length * 1.5);
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
