import { philox4x32 } from '@seqrec/core';
import { ConfigError } from '../errors.ts';

export interface SketchOptions {
  /** Rows, one hash function each, 1..4; default 4. Bounds how likely a bad estimate is: `exp(-depth)`. */
  readonly depth?: number;
  /** Counters of a row, default 2^16. Bounds how bad: `e / width` of all counts added. */
  readonly width?: number;
  readonly seed?: number;
}

/**
 * Counts of items in fixed memory, `depth * width` numbers whatever the number of items: an item adds to one counter
 * of each row, the estimate is the smallest of them. It is never below the true count.
 *
 * Source: Cormode & Muthukrishnan 2005, "An improved data stream summary: the count-min sketch".
 */
export class CountMinSketch {
  readonly #depth: number;
  readonly #width: number;
  readonly #seed: number;
  readonly #counters: Float64Array;
  readonly #words = new Uint32Array(4);
  #total = 0;

  /** @throws ConfigError for a depth outside 1..4 or a width below 1. */
  constructor({ depth = 4, width = 2 ** 16, seed = 0 }: SketchOptions = {}) {
    checkInteger('depth', depth, 1, 4);
    checkInteger('width', width, 1, 2 ** 32);
    this.#depth = depth;
    this.#width = width;
    this.#seed = seed;
    this.#counters = new Float64Array(depth * width);
  }

  /** Sum of everything added. */
  get total(): number {
    return this.#total;
  }

  add(item: number, count = 1): void {
    this.#hash(item);
    for (let row = 0; row < this.#depth; row++) this.#counters[this.#place(row)] += count;
    this.#total += count;
  }

  /** At least the true count; with probability `1 - exp(-depth)` at most `e / width * total` above it. */
  estimate(item: number): number {
    this.#hash(item);
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < this.#depth; row++) least = Math.min(least, this.#counters[this.#place(row)]);
    return least;
  }

  /** Four independent words of an item: one hash for each row. */
  #hash(item: number): void {
    philox4x32(item, 0, 0, 0, this.#seed, 0xc311, this.#words);
  }

  #place(row: number): number {
    return row * this.#width + (this.#words[row] % this.#width);
  }
}

function checkInteger(key: 'depth' | 'width', value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ConfigError(`count-min sketch: ${key}: expected an integer in ${least}..${most}; got ${value}`, key);
}
