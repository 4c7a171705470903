// What a kernel thread runs: take tasks while there are any, spin a little, then sleep until woken.
// It imports nothing of ours, so that it starts from TypeScript sources, from the built package and from a bundle alike.
import { parentPort, workerData } from 'node:worker_threads';

interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly scratch: number;
  /** Words of the control block, as in `kernels.ts`. */
  readonly words: { readonly wake: number; readonly sleepers: number; readonly failed: number; readonly stop: number };
}

const { module, memory, control, scratch, words } = workerData as Start;
const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as {
  setScratch(address: number): void;
  work(control: number): void;
};
kernels.setScratch(scratch);
const state = new Int32Array(memory.buffer, control, 16);
const pause: (() => void) | undefined = (Atomics as { pause?: () => void }).pause;
const SPINS = 10_000;

parentPort?.postMessage('ready');
while (Atomics.load(state, words.stop) === 0) {
  const wake = Atomics.load(state, words.wake);
  let spins = 0;
  // Word 0 is the number of tasks that nobody has taken yet.
  while (Atomics.load(state, 0) === 0 && spins < SPINS) {
    pause?.();
    spins++;
  }
  if (spins === SPINS) {
    Atomics.add(state, words.sleepers, 1);
    Atomics.wait(state, words.wake, wake);
    Atomics.sub(state, words.sleepers, 1);
    continue;
  }
  try {
    kernels.work(control);
  } catch {
    // The main thread waits for finished and failed tasks alike; this thread goes on with what is left.
    Atomics.add(state, words.failed, 1);
  }
}
