import * as tf from '@tensorflow/tfjs-core';
import { backendHeap } from '../../run/process/heap.ts';
import { formatBytes, formatCount, formatDuration } from '../../terminal/format.ts';
import { figures, type Listing } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { openSubject, type SubjectRequest } from './subject.ts';

/** Memory after some step. */
export interface MemorySample {
  readonly step: number;
  readonly tensors: number;
  /** Bytes in blocks of the simd backend's heap. */
  readonly heap?: number;
  readonly resident: number;
  readonly loss: number;
}

export interface MemoryBench {
  readonly recipe: string;
  readonly steps: number;
  readonly seconds: number;
  readonly samples: readonly MemorySample[];
  /** Different values of tensors and heap over all steps but the first, in which moments are born: 1 is constant. */
  readonly distinct: { readonly tensors: number; readonly heap: number };
  readonly peakHeap?: number;
}

const SAMPLES = 10;

/** Trains for many steps and looks after every one whether memory has grown. */
export async function benchMemory(request: SubjectRequest & { readonly steps: number }): Promise<MemoryBench> {
  const progress = new Progress({ quiet: request.quiet });
  const { name, trainer } = await openSubject(request, progress);
  const heap = backendHeap();
  const every = Math.ceil(request.steps / SAMPLES);
  const samples: MemorySample[] = [];
  const tensors = new Set<number>();
  const heaps = new Set<number>();
  const begin = performance.now();
  progress.start();
  for (let step = 1; step <= request.steps; step++) {
    const { loss } = await trainer.step();
    if (step > 1) {
      tensors.add(tf.memory().numTensors);
      if (heap !== undefined) heaps.add(heap.used);
    }
    if (step === 2 || step % every === 0 || step === request.steps) {
      const resident = process.memoryUsage.rss();
      samples.push({ step, tensors: tf.memory().numTensors, heap: heap?.used, resident, loss });
    }
    progress.update({ label: 'step', done: step, total: request.steps, fields: [`loss ${loss.toFixed(3)}`] });
  }
  progress.clear();
  const seconds = (performance.now() - begin) / 1000;
  const distinct = { tensors: tensors.size, heap: heaps.size };
  return { recipe: name, steps: request.steps, seconds, samples, distinct, peakHeap: heap?.peak };
}

/** Whether every step gave back what it took. */
export function isConstant({ distinct }: MemoryBench): boolean {
  return distinct.tensors <= 1 && distinct.heap <= 1;
}

export function listMemoryBench(bench: MemoryBench): Listing {
  const rows = bench.samples.map(({ step, tensors, heap, resident, loss }) => [
    formatCount(step),
    String(tensors),
    heap === undefined ? '-' : formatCount(heap),
    formatBytes(resident),
    loss.toFixed(3),
  ]);
  const titles = ['step', 'tensors', 'heap bytes', 'resident', 'loss'];
  const { distinct } = bench;
  const verdict = isConstant(bench)
    ? 'constant after the first step'
    : `NOT constant: ${distinct.tensors} counts of tensors, ${distinct.heap} sizes of the heap`;
  const pairs = [
    ['recipe', bench.recipe],
    ['steps', `${formatCount(bench.steps)} in ${formatDuration(bench.seconds)}`],
    ['memory', verdict],
    ['peak heap', bench.peakHeap === undefined ? '-' : formatBytes(bench.peakHeap)],
  ] as const;
  return [{ pairs }, figures(titles, rows, { left: [] })];
}
