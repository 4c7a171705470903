import { STAGING_BYTES } from './kernels.ts';
import type { Pool } from './pool.ts';

const HALF = STAGING_BYTES / 2;

/**
 * Memory in which values of the host wait until a job copies them to where they belong: the block may still be
 * in use by the jobs before. Two halves take turns; one is used again when the jobs have ended that were handed
 * over while it was in use.
 */
export class Staging {
  readonly #pool: Pool;
  readonly #begin: number;
  #used = 0;
  #half = 0;
  /** Last job that may read the other half. */
  #other = 0;

  constructor(pool: Pool, begin: number) {
    this.#pool = pool;
    this.#begin = begin;
  }

  /** Address of so many bytes, for the next job handed over; undefined where they are too many. */
  take(bytes: number): number | undefined {
    const size = Math.ceil(bytes / 64) * 64;
    if (size > HALF) return undefined;
    if (this.#used + size > HALF) {
      const other = this.#other;
      this.#other = this.#pool.last;
      this.#half = 1 - this.#half;
      this.#used = 0;
      this.#pool.drain(other);
    }
    const address = this.#begin + this.#half * HALF + this.#used;
    this.#used += size;
    return address;
  }
}
