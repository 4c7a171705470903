import * as tf from '@tensorflow/tfjs-core';

/** Timestamps around every program of a GPU, from the start of the timers on. */
export interface ProgramTimers {
  /** Programs recorded so far. */
  readonly count: number;
  /** Ends the timing. @returns seconds that each program took on the device, in order. */
  stop(): Promise<number[]>;
}

/** What a backend with a device offers; found by shape, so that no backend need be loaded for it. */
interface TimedBackend {
  startTimers?(): ProgramTimers | undefined;
  finish?(): Promise<void>;
  /** Of a backend of the processor whose kernels run beside the main thread. */
  wait?(): void;
}

/**
 * Times every program of the active backend on its device, each in a pass of its own: slower than a run without, and a
 * program cannot overlap with the next. Undefined where the backend has no device or the device no timestamp queries.
 */
export function startProgramTimers(): ProgramTimers | undefined {
  return (tf.backend() as TimedBackend).startTimers?.();
}

/** Waits until the active backend has done all that was handed over to it. */
export async function finishPrograms(): Promise<void> {
  const backend = tf.backend() as TimedBackend;
  backend.wait?.();
  await backend.finish?.();
}

/**
 * Waits until all kernels of the active backend have ended, for measurements and for nothing else: whoever reads a
 * value waits for it anyway. A device is not waited for ({@link finishPrograms}).
 *
 * @throws BackendError when a kernel failed.
 */
export function finishKernels(): void {
  (tf.backend() as TimedBackend).wait?.();
}
