import * as WORDS from './slots/control.ts';
import * as KERNEL from './slots/kernel-numbers.ts';

export { KERNEL };

/** Name of a kernel, for errors. */
export function kernelName(id: number): string {
  return Object.entries(KERNEL).find(([, number]) => number === id)?.[0] ?? String(id);
}

export type KernelId = (typeof KERNEL)[keyof typeof KERNEL];

/** What the module exports. */
export interface KernelExports {
  /**
   * Writes the constants; `wide` chooses the micro-kernels for 256-bit registers. Once for a
   * memory, before `setScratch`.
   */
  setup(wide: boolean): void;
  setScratch(address: number): void;
  /** Hands over a job, whose arguments are in place; with `serial` one thread runs all its tasks. */
  post(control: number, kernel: number, tasks: number, serial: boolean): void;
  /** Takes tasks while there are any; a trap leaves it, and then the thread calls `failed`. */
  work(control: number): void;
  failed(control: number): void;
  /** Takes tasks until the job has ended; false after `turns` looks without one. */
  help(control: number, job: number, turns: number): number;
  runSerial(kernel: number, args: number, tasks: number): void;
}

/** Bytes of scratch memory that each thread owns; bounds head widths (512) and negatives a token. */
export const SCRATCH_BYTES = 6 * 1024 * 1024;

/** Where the control block lies, and its words that JavaScript reads or writes: see `slots/control.ts`. */
export const CONTROL = {
  address: 1024,
  left: WORDS.LEFT,
  job: WORDS.JOB,
  sleepers: WORDS.SLEEPERS,
  stop: WORDS.STOP,
  failed: WORDS.FAILED,
  failedKernel: WORDS.FAILED_KERNEL,
  completed: WORDS.COMPLETED,
  ring: WORDS.RING,
  /** Jobs that can be under way at once. */
  jobs: WORDS.JOBS,
  jobWords: WORDS.JOB_WORDS,
  arguments: WORDS.ARGUMENTS,
  bytes: 81 * 1024,
} as const;

/** Bytes in which values of the host wait for their turn among the jobs. */
export const STAGING_BYTES = 1024 * 1024;
