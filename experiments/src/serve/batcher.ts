import type { Operation, Outcome, ResultOf } from './operation.ts';
import type { Shard } from './shard.ts';

export interface BatchOptions {
  /** Milliseconds that the first operation of a batch waits for others. */
  readonly windowMs: number;
  /** A batch that is as long does not wait. */
  readonly size: number;
  /** Called after each batch: operations and milliseconds. */
  readonly onBatch?: (operations: number, ms: number) => void;
}

interface Waiting {
  readonly operation: Operation;
  readonly resolve: (outcome: Outcome) => void;
}

/**
 * Collects operations for a shard. A batch starts when the first has waited for the window, or when there are enough,
 * but not before the batch before it has ended; what arrives meanwhile goes into the next.
 */
export class Batcher {
  readonly #shard: Shard;
  readonly #options: BatchOptions;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(shard: Shard, options: BatchOptions) {
    this.#shard = shard;
    this.#options = options;
  }

  /** @throws Error when the shard has refused this operation: requests were checked before, so it is a defect. */
  async run<O extends Operation>(operation: O): Promise<ResultOf<O>> {
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#waiting.push({ operation, resolve });
      if (this.#waiting.length >= this.#options.size) this.#start();
      else this.#timer ??= setTimeout(() => this.#start(), this.#options.windowMs);
    });
    if ('error' in outcome) throw new Error(outcome.error);
    return outcome.value as ResultOf<O>;
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.#running !== undefined || this.#waiting.length > 0) {
      this.#start();
      await this.#running;
    }
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#running !== undefined || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, this.#options.size);
    this.#running = this.#runBatch(batch).then(() => {
      this.#running = undefined;
      // They have waited for as long as the batch took.
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #runBatch(batch: readonly Waiting[]): Promise<void> {
    const start = performance.now();
    let outcomes: readonly Outcome[];
    try {
      outcomes = await this.#shard.run(batch.map(({ operation }) => operation));
    } catch (error) {
      const failed = { error: error instanceof Error ? error.message : String(error) };
      outcomes = batch.map(() => failed);
    }
    this.#options.onBatch?.(batch.length, performance.now() - start);
    for (const [i, { resolve }] of batch.entries()) resolve(outcomes[i]);
  }
}
