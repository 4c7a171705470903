import { finishKernels, type ProgramTimers } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { kernelWork } from './work.ts';

/** One kernel, summed over the profiled steps. */
export interface KernelProfile {
  readonly kernel: string;
  readonly calls: number;
  readonly seconds: number;
  /** Floating-point operations, where the kernel has a formula. */
  readonly flops: number;
  /** Bytes of its inputs and outputs. */
  readonly bytes: number;
}

/** A call, as Chrome's trace viewer reads it (microseconds). */
export interface TraceEvent {
  readonly name: string;
  readonly ph: 'X';
  readonly pid: 1;
  readonly tid: 1;
  readonly ts: number;
  readonly dur: number;
  readonly args: { readonly shapes: string };
}

/** A recording in progress. */
export interface KernelRecorder {
  /** Takes the timers out again. */
  stop(): void;
  /** Time that the recording itself took on the host, between the calls. */
  readonly ownSeconds: number;
  /** With timers, what they gave. */
  result(programSeconds?: readonly number[]): { readonly kernels: KernelProfile[]; readonly trace: TraceEvent[] };
}

/**
 * Puts a timer around every kernel of a backend until `stop`. A kernel that calls another counts its time once. With
 * `timers`, a kernel's time is that of its programs on the device, not that of handing them over.
 */
export function recordKernels(backendName: string, timers?: ProgramTimers): KernelRecorder {
  const originals = tf.getKernelsForBackend(backendName);
  const rows = new Map<string, { calls: number; seconds: number; flops: number; bytes: number }>();
  const trace: TraceEvent[] = [];
  /** Programs of each call of the trace: the first, and the one after the last. */
  const programs: (readonly [number, number])[] = [];
  const origin = performance.now();
  let depth = 0;
  let ownMilliseconds = 0;
  for (const original of originals) {
    tf.unregisterKernel(original.kernelName, backendName);
    tf.registerKernel({
      ...original,
      kernelFunc: (call) => {
        const begin = performance.now();
        const first = timers?.count ?? 0;
        depth++;
        try {
          const result = original.kernelFunc(call);
          if (depth === 1) {
            finishKernels();
            const end = performance.now();
            record(original.kernelName, begin, end, call, result);
            programs.push([first, timers?.count ?? 0]);
            ownMilliseconds += performance.now() - end;
          }
          return result;
        } finally {
          depth--;
        }
      },
    });
  }

  function record(
    kernel: string,
    begin: number,
    end: number,
    call: Parameters<tf.KernelFunc>[0],
    result: tf.TensorInfo | tf.TensorInfo[],
  ): void {
    const inputs = Object.values(call.inputs).filter((input) => input !== undefined) as tf.TensorInfo[];
    const outputs = [result].flat();
    const row = rows.get(kernel) ?? { calls: 0, seconds: 0, flops: 0, bytes: 0 };
    rows.set(kernel, row);
    row.calls++;
    row.seconds += (end - begin) / 1000;
    row.flops += kernelWork(kernel, call.inputs as Record<string, tf.TensorInfo>, call.attrs ?? {}, outputs);
    for (const { shape } of [...inputs, ...outputs]) row.bytes += 4 * tf.util.sizeFromShape(shape);
    const shapes = inputs.map(({ shape }) => `[${shape}]`).join(' ');
    trace.push({
      name: kernel,
      ph: 'X',
      pid: 1,
      tid: 1,
      ts: (begin - origin) * 1000,
      dur: (end - begin) * 1000,
      args: { shapes },
    });
  }

  return {
    stop() {
      for (const original of originals) {
        tf.unregisterKernel(original.kernelName, backendName);
        tf.registerKernel(original);
      }
    },
    get ownSeconds() {
      return ownMilliseconds / 1000;
    },
    result(programSeconds) {
      const events = trace.map((event, i) => {
        if (programSeconds === undefined) return event;
        const seconds = programSeconds.slice(...programs[i]).reduce((sum, x) => sum + x, 0);
        return { ...event, dur: seconds * 1e6 };
      });
      if (programSeconds !== undefined) {
        for (const row of rows.values()) row.seconds = 0;
        for (const { name, dur } of events) rows.get(name)!.seconds += dur / 1e6;
      }
      const kernels = [...rows].map(([kernel, row]) => ({ kernel, ...row })).sort((x, y) => y.seconds - x.seconds);
      return { kernels, trace: events };
    },
  };
}
