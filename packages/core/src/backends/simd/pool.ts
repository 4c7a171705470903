import { platform } from '#simd-platform';
import { BackendError } from '../../errors.ts';
import { type Arguments, writeArguments } from './arguments.ts';
import { CONTROL, type KernelExports, type KernelId, kernelName, SCRATCH_BYTES } from './kernels.ts';
import type { KernelThread, OpenLibrary } from './platform/platform.ts';

/** How often to look whether the tasks that others still run have ended, before sleeping between looks. */
const PATIENCE = 1_000_000;

/**
 * Runs kernels over fixed grids of tasks, one job after the other. With workers a job is handed over and the main
 * thread goes on; {@link wait} takes tasks beside them until all jobs have ended. Whoever reads or writes the memory
 * that kernels use waits first. Which thread computes a task does not change its result, nor does it matter when.
 */
export class Pool {
  readonly threads: number;
  readonly #exports: KernelExports;
  readonly #workers: KernelThread[] = [];
  readonly #words: Int32Array;
  /** Number of the last job handed over. */
  #posted = 0;
  /** A job that is known to have ended, and all before it. */
  #ended = 0;

  constructor(memory: WebAssembly.Memory, kernels: KernelExports, threads: number) {
    this.threads = threads;
    this.#exports = kernels;
    this.#words = new Int32Array(memory.buffer, CONTROL.address, CONTROL.bytes / 4);
  }

  /** Starts the workers and resolves when all of them wait for work. */
  async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    scratch: number,
    library?: OpenLibrary['thread'],
  ): Promise<void> {
    const starting = Array.from({ length: this.threads - 1 }, (_, i) =>
      platform.startThread(`seqrec-simd-${i + 1}`, {
        module,
        memory,
        control: CONTROL.address,
        scratch: scratch + (i + 1) * SCRATCH_BYTES,
        words: CONTROL,
        ...(library && { library }),
      }),
    );
    this.#workers.push(...(await Promise.all(starting)));
  }

  /** Number of the last job handed over, for {@link wait}. */
  get last(): number {
    return this.#posted;
  }

  /** Whether all jobs have ended. */
  get idle(): boolean {
    return this.#hasEnded(this.#posted);
  }

  /**
   * Runs `tasks` tasks of a kernel after all jobs before. `serial` keeps a small job on one thread; the results are
   * the same. Alone, and where nothing is under way for a job of one thread, it has ended on return, and throws when
   * a task traps; a job that was handed over makes {@link wait} throw.
   */
  run<K extends KernelId>(kernel: K, tasks: number, values: Arguments<K>, serial = false): void {
    if (tasks <= 0) return;
    const job = (this.#posted + 1) | 0;
    // The job that had this place must have ended; then half of the ring is free.
    if (!this.#hasEnded((job - CONTROL.jobs) | 0)) this.drain((job - CONTROL.jobs / 2) | 0);
    const at = CONTROL.ring + (job & (CONTROL.jobs - 1)) * CONTROL.jobWords + CONTROL.arguments;
    writeArguments(this.#words, at, kernel, values);
    if (this.#workers.length === 0 || ((serial || tasks === 1) && this.idle)) {
      try {
        this.#exports.runSerial(kernel, CONTROL.address + at * 4, tasks);
      } catch (cause) {
        throw new BackendError(`simd: kernel ${kernelName(kernel)} failed`, { cause });
      }
      return;
    }
    this.#posted = job;
    this.#exports.post(CONTROL.address, kernel, tasks, serial);
  }

  /**
   * Takes tasks until a job, by default the last, has ended, and all before it.
   * @throws BackendError when a task of any job that has ended since the last call trapped.
   */
  wait(job = this.#posted): void {
    this.drain(job);
    if (this.#words[CONTROL.failed] === 0) return;
    const failed = Atomics.exchange(this.#words, CONTROL.failed, 0);
    const name = kernelName(this.#words[CONTROL.failedKernel]);
    throw new BackendError(`simd: ${failed} tasks failed, the last of kernel ${name}`);
  }

  /** Ends the jobs that are under way, and the workers. */
  async stop(): Promise<void> {
    this.drain();
    Atomics.store(this.#words, CONTROL.stop, 1);
    Atomics.add(this.#words, CONTROL.job, 1);
    Atomics.notify(this.#words, CONTROL.job);
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    this.#workers.length = 0;
  }

  /** Numbers wrap around after 2^32 jobs: one that seems to come later is of long ago. */
  #hasEnded(job: number): boolean {
    if (((this.#ended - job) | 0) >= 0 || ((this.#posted - job) | 0) < 0) return true;
    this.#ended = Atomics.load(this.#words, CONTROL.completed);
    return ((this.#ended - job) | 0) >= 0;
  }

  /** Takes tasks until a job has ended, and leaves failures to {@link wait}. */
  drain(job = this.#posted): void {
    if (this.#hasEnded(job)) return;
    const { address, completed } = CONTROL;
    for (let turns = PATIENCE; ; turns = 0) {
      try {
        if (this.#exports.help(address, job, turns)) return;
        // A worker may have lost its processor: sleep briefly instead of taking the one that it needs.
        platform.rest(this.#words, completed, Atomics.load(this.#words, completed));
      } catch {
        this.#exports.failed(address);
      }
    }
  }
}
