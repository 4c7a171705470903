import { BatchCost } from './batch-cost.ts';
import { Problem } from './problem.ts';

export interface AdmissionOptions {
  /** Milliseconds that those let in may be expected to take. */
  readonly latencyMs: number;
  /** Most requests, whatever they are expected to take. */
  readonly queue: number;
  /** Operations of one batch. */
  readonly batch: number;
}

/**
 * Lets requests of one shard in as long as those before them are expected to be answered within the bound. An idle
 * shard lets in whatever comes, so one slow batch refuses nobody for long.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #cost = new BatchCost();
  #waiting = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Requests that were let in and are not answered. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes note of a batch. */
  took(operations: number, ms: number): void {
    this.#cost.took(operations, ms);
  }

  /** Runs what was let in. @throws Problem `busy` */
  async through<T>(work: () => Promise<T>): Promise<T> {
    const { latencyMs, queue, batch } = this.#options;
    // Those that run are counted in full: they may have only just begun.
    const expected = this.#cost.expected(this.#waiting, batch);
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
