import { finishKernels, finishPrograms, startProgramTimers } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import { batchColumns, type Trainer, uploadBatch } from '@seqrec/models';
import { resolveRun } from '../../config/load-recipe.ts';
import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import { generationOf } from '../../data/coded-items.ts';
import { Progress } from '../../terminal/progress.ts';
import { renderTable } from '../../terminal/table.ts';
import { openCodesSubject } from './codes/subject.ts';
import { devicePeak } from './device-clock.ts';
import { ownProduct } from './own-product.ts';
import { ownStream } from './own-stream.ts';
import { openRankingSubject } from './ranking-subject.ts';
import { type KernelProfile, recordKernels, type TraceEvent } from './recorder.ts';
import { openSubject, type SubjectRequest } from './subject.ts';

export interface StepProfile {
  readonly recipe: string;
  readonly backend: string;
  /**
   * What a kernel's time is: of the call (`host`); of its programs by timestamps of the GPU (`device`); or, on a GPU
   * without them, of handing the programs over (`calls`), which says little.
   */
  readonly clock: 'host' | 'device' | 'calls';
  /** Programs that were run, where they were timed. */
  readonly programs?: number;
  readonly steps: number;
  /** Of all profiled steps, wall time; where kernels are timed on the host, without the recorder's own. */
  readonly seconds: number;
  /** Of as many steps in which no kernel is waited for; where kernels are timed on the host. */
  readonly freeSeconds?: number;
  /** Making and uploading the batches of as many steps, a part of the time outside kernels. */
  readonly batchSeconds: number;
  /**
   * Rates of the machine in this run: our own 1024 x 1024 x 1024 product, and additions of arrays that no cache holds.
   */
  readonly peak: { readonly gflops: number; readonly gbytes: number };
  readonly kernels: readonly KernelProfile[];
  readonly trace: readonly TraceEvent[];
}

/** JavaScript is compiled while it runs: the time between kernels is halved within so many steps. */
const WARM_STEPS = 20;
const LEAST_WARM_STEPS = 3;
const WARM_MILLISECONDS = 4000;

/** Steps before the timed ones, few where they take long. */
async function warmUp(trainer: Trainer): Promise<void> {
  const begin = performance.now();
  for (let i = 0; i < WARM_STEPS; i++) {
    if (i >= LEAST_WARM_STEPS && performance.now() - begin > WARM_MILLISECONDS) break;
    await trainer.advance();
  }
  await trainer.settle();
}

async function timeSteps(trainer: Trainer, steps: number): Promise<number> {
  const begin = performance.now();
  await trainer.steps(steps);
  finishKernels();
  return (performance.now() - begin) / 1000;
}

function opener(config: RunConfig): typeof openSubject | typeof openCodesSubject | typeof openRankingSubject {
  if (isRankingConfig(config)) return openRankingSubject;
  return generationOf(config) === undefined ? openSubject : openCodesSubject;
}

/** Runs a few training steps with every kernel of the active backend timed. */
export async function profileSteps(request: SubjectRequest & { readonly steps: number }): Promise<StepProfile> {
  const progress = new Progress({ quiet: request.quiet });
  const { config } = await resolveRun({ recipe: request.recipe, overrides: request.overrides });
  const { name, choice, trainer } = await opener(config)(request, progress);
  await warmUp(trainer);
  const peak = choice.name === 'webgpu' ? await devicePeak() : hostPeak();

  const freeSeconds = choice.name === 'webgpu' ? undefined : await timeSteps(trainer, request.steps);
  const timers = startProgramTimers();
  const recorder = recordKernels(choice.name, timers);
  const begin = performance.now();
  let seconds: number;
  let programs: number[] | undefined;
  try {
    await trainer.steps(request.steps);
    await finishPrograms();
    seconds = (performance.now() - begin) / 1000;
    // A device works on while the host records.
    if (choice.name !== 'webgpu') seconds -= recorder.ownSeconds;
  } finally {
    recorder.stop();
    programs = await timers?.stop();
  }
  const columns = batchColumns(trainer.model, trainer.task);
  const examples = trainer.epochExamples(0);
  const prepare = performance.now();
  const { stepsPerEpoch } = trainer.progress;
  for (let i = 0; i < request.steps; i++) {
    uploadBatch(makeBatch(examples, trainer.batchIndices(0, i % stepsPerEpoch), columns)).dispose();
  }
  const batchSeconds = (performance.now() - prepare) / 1000;
  const { steps } = request;
  const clock = choice.name !== 'webgpu' ? 'host' : programs === undefined ? 'calls' : 'device';
  const recorded = recorder.result(programs);
  return {
    recipe: name,
    backend: choice.name,
    clock,
    programs: programs?.length,
    steps,
    seconds,
    freeSeconds,
    batchSeconds,
    peak,
    ...recorded,
  };
}

function hostPeak(): StepProfile['peak'] {
  const products: number[] = [];
  const streams: number[] = [];
  ownProduct(products);
  ownStream(streams);
  return { gflops: Math.max(...products), gbytes: Math.max(...streams) };
}

/**
 * How near a kernel is to the roofline: the time that its arithmetic at the rate of a large product, or its operands
 * at the rate of memory, would take at least, over the time that it took. Above 1 where the operands were in a cache.
 */
export function rooflineShare({ flops, bytes, seconds }: KernelProfile, peak: StepProfile['peak']): number {
  return Math.max(flops / (peak.gflops * 1e9), bytes / (peak.gbytes * 1e9)) / seconds;
}

/** Kernels that hand on their input. */
const MOVES_NOTHING: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'ExpandDims']);

const CLOCKS = {
  host: 'time of each kernel: of the call, waited for; in training the main thread goes on meanwhile',
  device: 'time of each kernel: of its programs, by timestamps of the GPU, each in a pass of its own',
  calls: 'time of each kernel: of handing its programs over; this GPU has no timestamp queries',
} as const;

export function renderProfile(profile: StepProfile): string {
  const { kernels, steps, seconds, peak } = profile;
  const inside = kernels.reduce((sum, kernel) => sum + kernel.seconds, 0);
  const perStep = (value: number): string => ((value * 1000) / steps).toFixed(2);
  const share = (value: number): string => `${((100 * value) / seconds).toFixed(1)} %`;
  const rows = kernels
    .filter((kernel) => kernel.seconds / seconds > 0.0005)
    .map((row) => {
      const { kernel, calls, seconds: own, flops, bytes } = row;
      const rates = [flops > 0 ? (flops / own / 1e9).toFixed(1) : '-', (bytes / own / 1e9).toFixed(1)];
      const roofline = MOVES_NOTHING.has(kernel) ? '-' : `${(100 * rooflineShare(row, peak)).toFixed(0)} %`;
      return [kernel, (calls / steps).toFixed(0), perStep(own), share(own), ...rates, roofline];
    });
  rows.push(['outside kernels', '', perStep(seconds - inside), share(seconds - inside), '', '', '']);
  rows.push(['  of these, the batch', '', perStep(profile.batchSeconds), share(profile.batchSeconds), '', '', '']);
  rows.push(['step', '', perStep(seconds), '100 %', '', '', '']);
  if (profile.freeSeconds !== undefined)
    rows.push(['step, no kernel waited for', '', perStep(profile.freeSeconds), share(profile.freeSeconds), '', '', '']);
  const titles = ['kernel', 'calls', 'ms a step', 'share', 'GFLOP/s', 'GB/s', 'roofline'];
  const table = renderTable(
    titles.map((title, i) => ({ title, align: i === 0 ? ('left' as const) : ('right' as const) })),
    rows,
  );
  const head = `${profile.recipe} on ${profile.backend}, mean of ${steps} steps`;
  const rates = `roofline: ${peak.gflops.toFixed(0)} GFLOP/s (our own 1024 x 1024 x 1024 product), ${peak.gbytes.toFixed(0)} GB/s (memory)`;
  return `${head}\n${CLOCKS[profile.clock]}\n${rates}; above 100 % where operands were in a cache\n\n${table}`;
}
