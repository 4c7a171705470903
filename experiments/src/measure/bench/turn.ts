import { finishKernels } from '@seqrec/core';

/** Threads of the contestant before may spin for a while after their last call. */
const PAUSE_MS = 100;
/** Calls that are not timed: a processor that slept needs some milliseconds to reach its clock. */
const WARM_MS = 30;
const TIMED_MS = 60;
const LEAST_CALLS = 3;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * One contestant's turn: a pause, calls to warm up, then timed calls; adds the GFLOP/s of each timed call to `into`.
 */
export function turn(call: () => void, flops: number, into: number[]): void {
  Atomics.wait(nobody, 0, 0, PAUSE_MS);
  const start = performance.now();
  const whole = (): void => {
    call();
    finishKernels();
  };
  do whole();
  while (performance.now() - start < WARM_MS);
  const timed = performance.now();
  for (let calls = 0; calls < LEAST_CALLS || performance.now() - timed < TIMED_MS; calls++) {
    const begin = performance.now();
    whole();
    into.push(flops / (performance.now() - begin) / 1e6);
  }
}
