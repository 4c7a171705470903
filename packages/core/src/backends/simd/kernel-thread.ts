/** What a kernel thread is started with. */
export interface ThreadStart {
  /** A native library that multiplies: its path, and the file of koffi, which loads it. */
  readonly library?: { readonly koffi: string; readonly path: string };
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly scratch: number;
  /** Words of the control block, as in `kernels.ts`. */
  readonly words: { readonly left: number; readonly job: number; readonly sleepers: number; readonly stop: number };
}

/**
 * What a kernel thread runs: take tasks while there are any, spin for a while, then sleep until woken.
 * Its text is the program of the thread ({@link threadProgram}), so it names nothing outside itself and
 * holds no function of its own: then it starts from TypeScript sources, from the built package and from any
 * bundle, without a file to find.
 */
function kernelThread(
  { module, memory, control, scratch, words }: ThreadStart,
  ready: () => void,
  imports?: object,
): void {
  const kernels = new WebAssembly.Instance(module, { env: { memory, ...imports } }).exports as unknown as {
    setScratch(address: number): void;
    work(control: number): void;
    failed(control: number): void;
  };
  kernels.setScratch(scratch);
  const state = new Int32Array(memory.buffer, control, 64);
  const { pause } = Atomics as { pause?: () => void };
  // About two milliseconds: to wake a thread that sleeps can cost more than the kernel that it is woken for.
  const patience = 100_000;
  ready();
  while (Atomics.load(state, words.stop) === 0) {
    const job = Atomics.load(state, words.job);
    let spins = 0;
    while (Atomics.load(state, words.left) === 0 && spins < patience) {
      if (pause !== undefined) pause();
      spins++;
    }
    if (spins === patience) {
      Atomics.add(state, words.sleepers, 1);
      Atomics.wait(state, words.job, job);
      Atomics.sub(state, words.sleepers, 1);
      continue;
    }
    try {
      kernels.work(control);
    } catch {
      // The job ends all the same, and the main thread hears of it; this thread goes on with what is left.
      kernels.failed(control);
    }
  }
}

/** JavaScript that runs {@link kernelThread}; its arguments are expressions of the platform's thread. */
export function threadProgram(start: string, ready: string, imports = 'undefined'): string {
  return `(${kernelThread})(${start}, ${ready}, ${imports})`;
}
