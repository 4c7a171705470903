import type { Limits } from './limits.ts';
import { Problem } from './problem.ts';

/** Weight of the newest batch in the mean time of a request. */
const NEWEST = 0.2;

/**
 * Lets requests of one shard in as long as they are expected to be answered within the bound: requests that wait, times
 * the time that one has lately taken. An idle shard lets in whatever comes, so one slow batch refuses nobody for long.
 */
export class Admission {
  readonly #limits: Pick<Limits, 'latencyMs' | 'queue'>;
  #waiting = 0;
  #msPerRequest = 0;

  constructor(limits: Pick<Limits, 'latencyMs' | 'queue'>) {
    this.#limits = limits;
  }

  /** Requests that were let in and are not answered. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes note of a batch. */
  took(requests: number, ms: number): void {
    const each = ms / requests;
    this.#msPerRequest = this.#msPerRequest === 0 ? each : (1 - NEWEST) * this.#msPerRequest + NEWEST * each;
  }

  /** Runs what was let in. @throws Problem `busy` */
  async through<T>(work: () => Promise<T>): Promise<T> {
    const { latencyMs, queue } = this.#limits;
    const expected = this.#waiting * this.#msPerRequest;
    if (expected > latencyMs || this.#waiting >= queue) {
      throw new Problem(
        'busy',
        `expected a queue of at most ${queue} requests and ${latencyMs} ms; got ${this.#waiting} requests, about ${Math.ceil(expected)} ms; try again later`,
        { waiting: this.#waiting, retryAfterSeconds: Math.max(1, Math.ceil(expected / 1000)) },
      );
    }
    this.#waiting++;
    try {
      return await work();
    } finally {
      this.#waiting--;
    }
  }
}
