import * as tf from '@tensorflow/tfjs-core';
import { Progress } from '../terminal/progress.ts';
import { renderTable } from '../terminal/table.ts';
import { openSubject, type SubjectRequest } from './subject.ts';
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
interface TraceEvent {
  readonly name: string;
  readonly ph: 'X';
  readonly pid: 1;
  readonly tid: 1;
  readonly ts: number;
  readonly dur: number;
  readonly args: { readonly shapes: string };
}

export interface StepProfile {
  readonly recipe: string;
  readonly backend: string;
  readonly steps: number;
  /** Of all profiled steps, wall time. */
  readonly seconds: number;
  readonly kernels: readonly KernelProfile[];
  readonly trace: readonly TraceEvent[];
}

/** Runs a few training steps with every kernel of the active backend timed. */
export async function profileSteps(request: SubjectRequest & { readonly steps: number }): Promise<StepProfile> {
  const progress = new Progress({ quiet: request.quiet });
  const { name, choice, trainer } = await openSubject(request, progress);
  for (let i = 0; i < 3; i++) await trainer.step();

  const recorder = recordKernels(choice.name);
  const begin = performance.now();
  try {
    for (let i = 0; i < request.steps; i++) await trainer.step();
  } finally {
    recorder.stop();
  }
  const seconds = (performance.now() - begin) / 1000;
  return { recipe: name, backend: choice.name, steps: request.steps, seconds, ...recorder.result() };
}

/** Puts a timer around every kernel of a backend until `stop`. A kernel that calls another counts its time once. */
function recordKernels(backendName: string): {
  stop(): void;
  result(): { kernels: KernelProfile[]; trace: TraceEvent[] };
} {
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

export function renderProfile(profile: StepProfile): string {
  const { kernels, steps, seconds } = profile;
  const inside = kernels.reduce((sum, kernel) => sum + kernel.seconds, 0);
  const perStep = (value: number): string => ((value * 1000) / steps).toFixed(2);
  const share = (value: number): string => `${((100 * value) / seconds).toFixed(1)} %`;
  const rows = kernels
    .filter((kernel) => kernel.seconds / seconds > 0.0005)
    .map(({ kernel, calls, seconds: own, flops, bytes }) => [
      kernel,
      (calls / steps).toFixed(0),
      perStep(own),
      share(own),
      flops > 0 ? (flops / own / 1e9).toFixed(1) : '-',
      (bytes / own / 1e9).toFixed(1),
    ]);
  rows.push(['outside kernels', '', perStep(seconds - inside), share(seconds - inside), '', '']);
  rows.push(['step', '', perStep(seconds), '100 %', '', '']);
  const titles = ['kernel', 'calls', 'ms a step', 'share', 'GFLOP/s', 'GB/s'];
  const table = renderTable(
    titles.map((title, i) => ({ title, align: i === 0 ? ('left' as const) : ('right' as const) })),
    rows,
  );
  return `${profile.recipe} on ${profile.backend}, mean of ${steps} steps\n\n${table}`;
}
