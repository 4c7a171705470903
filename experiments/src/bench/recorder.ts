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
  result(): { readonly kernels: KernelProfile[]; readonly trace: TraceEvent[] };
}

/** Puts a timer around every kernel of a backend until `stop`. A kernel that calls another counts its time once. */
export function recordKernels(backendName: string): KernelRecorder {
  const originals = tf.getKernelsForBackend(backendName);
  const rows = new Map<string, { calls: number; seconds: number; flops: number; bytes: number }>();
  const trace: TraceEvent[] = [];
  const origin = performance.now();
  let depth = 0;
  for (const original of originals) {
    tf.unregisterKernel(original.kernelName, backendName);
    tf.registerKernel({
      ...original,
      kernelFunc: (call) => {
        const begin = performance.now();
        depth++;
        try {
          const result = original.kernelFunc(call);
          if (depth === 1) record(original.kernelName, begin, call, result);
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
    call: Parameters<tf.KernelFunc>[0],
    result: tf.TensorInfo | tf.TensorInfo[],
  ): void {
    const end = performance.now();
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
    result: () => ({
      kernels: [...rows].map(([kernel, row]) => ({ kernel, ...row })).sort((a, b) => b.seconds - a.seconds),
      trace,
    }),
  };
}
