import { platform } from '#simd-platform';
import { BackendError } from '../../errors.ts';
import { CONTROL, type KernelExports, type KernelId, SCRATCH_BYTES } from './kernels.ts';
import type { KernelThread } from './platform/platform.ts';

/** Integers by slot; floats for the slots that hold a float. */
export type Floats = Readonly<Record<number, number>>;

/** How often to look whether the tasks that others still run have ended, before sleeping between looks. */
const PATIENCE = 1_000_000;

/**
 * Runs kernels over a fixed grid of tasks. The main thread takes tasks beside `threads - 1` workers, so a kernel call
 * is synchronous; which thread computes a task does not change its result.
 */
export class Pool {
  readonly threads: number;
  readonly #exports: KernelExports;
  readonly #workers: KernelThread[] = [];
  readonly #words: Int32Array;
  readonly #ints: Int32Array;
  readonly #floats: Float32Array;
  #job = 0;

  constructor(memory: WebAssembly.Memory, kernels: KernelExports, threads: number) {
    this.threads = threads;
    this.#exports = kernels;
    this.#words = new Int32Array(memory.buffer, CONTROL.address, 16);
    this.#ints = new Int32Array(memory.buffer, CONTROL.address + 64, 64);
    this.#floats = new Float32Array(memory.buffer, CONTROL.address + 64, 64);
  }

  /** Starts the workers and resolves when all of them wait for work. */
  async start(module: WebAssembly.Module, memory: WebAssembly.Memory, scratch: number): Promise<void> {
    const starting = Array.from({ length: this.threads - 1 }, (_, i) =>
      platform.startThread(`seqrec-simd-${i + 1}`, {
        module,
        memory,
        control: CONTROL.address,
        scratch: scratch + (i + 1) * SCRATCH_BYTES,
        words: CONTROL,
      }),
    );
    this.#workers.push(...(await Promise.all(starting)));
  }

  /**
   * Runs `tasks` tasks of a kernel. `serial` keeps a small job on this thread; the results are the same.
   * Throws a BackendError when a task traps.
   */
  run(kernel: KernelId, tasks: number, ints: readonly number[], floats?: Floats, serial = false): void {
    if (tasks <= 0) return;
    for (let i = 0; i < ints.length; i++) this.#ints[i] = ints[i];
    if (floats) for (const slot in floats) this.#floats[slot as unknown as number] = floats[slot];
    if (serial || tasks === 1 || this.#workers.length === 0) {
      try {
        this.#exports.runSerial(kernel, CONTROL.address + 64, tasks);
      } catch (cause) {
        throw new BackendError(`simd: kernel ${kernel} failed`, { cause });
      }
      return;
    }
    const words = this.#words;
    this.#job = (this.#job + 1) >>> 0;
    this.#exports.start(CONTROL.address, kernel, this.#job, tasks);
    // A trap counts as a finished task that failed, so that the job always ends with no thread still inside it.
    for (let inside = true; inside; ) {
      try {
        this.#exports.work(CONTROL.address);
        inside = false;
      } catch {
        Atomics.add(words, CONTROL.failed, 1);
      }
    }
    for (let turns = PATIENCE; !this.#exports.finished(CONTROL.address, tasks, turns); turns = 0) {
      // A worker may have lost its processor: sleep briefly instead of taking the one that it needs.
      platform.rest(words, CONTROL.done, Atomics.load(words, CONTROL.done));
    }
    if (words[CONTROL.failed] === 0) return;
    const failed = Atomics.exchange(words, CONTROL.failed, 0);
    throw new BackendError(`simd: ${failed} of ${tasks} tasks of kernel ${kernel} failed`);
  }

  async stop(): Promise<void> {
    Atomics.store(this.#words, CONTROL.stop, 1);
    Atomics.add(this.#words, CONTROL.wake, 1);
    Atomics.notify(this.#words, CONTROL.wake);
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    this.#workers.length = 0;
  }
}
