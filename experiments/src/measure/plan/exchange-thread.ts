import { parentPort, workerData } from 'node:worker_threads';

export interface ExchangeStart {
  readonly rank: number;
  readonly threads: number;
  /** That each thread gives to the other. */
  readonly bytes: number;
  readonly rounds: number;
  /** `threads` areas of `bytes`. */
  readonly shared: SharedArrayBuffer;
  /** How many have arrived, and how often all have. */
  readonly gate: SharedArrayBuffer;
}

/** Seconds of each round. */
export interface ExchangeTimes {
  readonly small: readonly number[];
  readonly large: readonly number[];
}

const { rank, threads, bytes, rounds, shared, gate } = workerData as ExchangeStart;
const state = new Int32Array(gate);
const given = new Uint8Array(shared, ((rank + 1) % threads) * bytes, bytes);
const own = new Uint8Array(bytes);

/** Waits until all threads have come this far. */
function barrier(): void {
  const turn = Atomics.load(state, 1);
  if (Atomics.add(state, 0, 1) + 1 === threads) {
    Atomics.store(state, 0, 0);
    Atomics.add(state, 1, 1);
    Atomics.notify(state, 1);
  } else while (Atomics.load(state, 1) === turn) Atomics.wait(state, 1, turn);
}

function timed(count: number): number[] {
  return Array.from({ length: rounds }, () => {
    barrier();
    const begin = performance.now();
    own.set(given.subarray(0, count));
    barrier();
    return (performance.now() - begin) / 1000;
  });
}

parentPort?.postMessage({ small: timed(4), large: timed(bytes) } satisfies ExchangeTimes);
