import type { StepInfo } from '@seqrec/models';
import { UsageError } from '../../errors.ts';
import { formatDuration } from '../../terminal/format.ts';
import { Progress } from '../../terminal/progress.ts';
import { type ArmContext, measureArm, nextStepFlops, openArm } from '../study/run-arm.ts';
import { runStudy } from '../study/run-study.ts';
import type { Arm } from '../study/study.ts';
import { armConfig, choosingBase, type ScaleOptions, type StudyBase, studyFolder } from './base.ts';
import { finishCompute } from './compute-report.ts';
import type { Shape } from './encoders.ts';
import { checkReadKeys } from './read-keys.ts';

export interface ComputeOptions extends ScaleOptions {
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly lengths: readonly number[];
  /** Levels of compute, each twice the one before. */
  readonly levels: number;
  /** Seconds that the whole study may take; decides the largest level. */
  readonly budget: number;
  /** The largest level itself, floating-point operations of training; the budget is then not asked. */
  readonly flops?: number;
}

/** Of a budget, what the plan may fill: measured speeds are a little off, and reports take time. */
const FILL = 0.85;

/** `seqrec scale compute`: every encoder in every shape, measured at levels of equal compute. */
export async function scaleCompute(options: ComputeOptions): Promise<number> {
  checkReadKeys(options.overrides);
  const progress = new Progress({ quiet: options.quiet });
  const base = await choosingBase(options, progress);
  const { encoders, objectives, widths, depths, lengths, levels, budget, flops, evaluatedUsers } = options;
  const shapes = widths.flatMap((width) =>
    depths.flatMap((depth) => lengths.map((length) => ({ width, depth, length }))),
  );
  const limit = flops === undefined ? { budget } : { flops };
  return runStudy({
    out: studyFolder('compute', base.name, options.out),
    kind: 'compute',
    recipe: base.name,
    request: { config: base.config, encoders, objectives, widths, depths, lengths, levels, evaluatedUsers, ...limit },
    data: base.data,
    backend: options.backend,
    save: options.save,
    progress,
    evaluatedUsers,
    plan: async (context) => {
      const arms = encoders.flatMap((encoder) => shapes.map((shape) => armOf(base, encoder, shape, objectives)));
      if (flops !== undefined) checkLevels(flops, arms, { levels, context });
      const top = flops ?? (await affordable(arms, { budget, levels, context }));
      const marks = Array.from({ length: levels }, (_, i) => top / 2 ** (levels - 1 - i));
      const notes = [flops === undefined ? `planned to take ${formatDuration(budget)}` : `largest level given`];
      return { arms: arms.map((arm) => ({ ...arm, marks })), notes };
    },
    finish: finishCompute,
  });
}

function armOf(
  base: StudyBase,
  encoder: string,
  shape: Shape,
  objectives: ComputeOptions['objectives'],
): Omit<Arm, 'marks'> {
  const { width, depth, length } = shape;
  return {
    id: `${encoder}-w${width}-d${depth}-n${length}`,
    encoder,
    factors: { width, depth, length },
    config: armConfig(base.config, encoder, shape, objectives),
    unit: 'flops',
  };
}

/** @throws UsageError where two steps of the largest shape are more than the least level: nobody could spend that. */
function checkLevels(
  flops: number,
  arms: readonly Omit<Arm, 'marks'>[],
  { levels, context }: { readonly levels: number; readonly context: ArmContext },
): void {
  const steps = arms.map((arm) => {
    const { model, trainer } = openArm({ ...arm, marks: [1] }, context.data);
    try {
      return nextStepFlops({ ...arm, marks: [1] }, trainer);
    } finally {
      trainer.dispose();
      model.dispose();
    }
  });
  const least = leastTop(Math.max(...steps), levels);
  if (flops >= least) return;
  // Rounded up: what is asked for is enough.
  const unit = 10 ** (Math.floor(Math.log10(least)) - 1);
  const needed = Math.ceil(least / unit) * unit;
  throw new UsageError(
    `--flops: expected at least ${needed.toExponential(1)} for ${levels} levels, the least of which has two steps of the largest shape; got ${flops.toExponential(1)}`,
    'take fewer --levels, smaller --widths, --depths or --lengths, or a smaller --training.batchSize',
  );
}

/** The largest level of those of which the least has two steps of the largest shape. */
const leastTop = (largestStep: number, levels: number): number => largestStep * 2 ** levels;

/**
 * The largest level of compute at which all arms fit the budget, from a few timed steps and one timed measurement each;
 * two significant digits. An arm passes through all levels in one training, so only its largest costs.
 */
async function affordable(
  arms: readonly Omit<Arm, 'marks'>[],
  { budget, levels, context }: { readonly budget: number; readonly levels: number; readonly context: ArmContext },
): Promise<number> {
  const { progress } = context;
  progress.start();
  let secondsPerFlop = 0;
  let fixedSeconds = 0;
  let largestStep = 0;
  for (const [i, arm] of arms.entries()) {
    progress.update({ label: 'time a few steps of each shape', done: i, total: arms.length });
    const timed = await timeArm({ ...arm, marks: [1] }, context);
    secondsPerFlop += timed.secondsPerFlop;
    fixedSeconds += levels * timed.measureSeconds;
    largestStep = Math.max(largestStep, timed.stepFlops);
  }
  progress.clear();
  const top = (budget * FILL - fixedSeconds) / secondsPerFlop;
  const least = leastTop(largestStep, levels);
  if (top < least) {
    const needed = Math.ceil((least * secondsPerFlop + fixedSeconds) / FILL / 60);
    throw new UsageError(
      `--budget: expected at least ${needed}m for ${arms.length} shapes and ${levels} levels here; got ${formatDuration(budget)}`,
      'take fewer --encoders, --widths, --depths, --lengths or --levels, or measure on fewer users (--users)',
    );
  }
  return Number(top.toPrecision(2));
}

async function timeArm(arm: Arm, context: ArmContext) {
  const { model, trainer } = openArm(arm, context.data);
  try {
    // The first steps compile, allocate and fill caches.
    await trainer.step();
    let flops = 0;
    const infos: StepInfo[] = [];
    for (let i = 0; i < 3; i++) {
      flops += nextStepFlops(arm, trainer);
      infos.push(...(await trainer.advance()));
    }
    infos.push(...(await trainer.settle()));
    const seconds = infos.reduce((sum, info) => sum + info.seconds, 0);
    const began = performance.now();
    await measureArm(arm, model, context);
    const measureSeconds = (performance.now() - began) / 1000;
    return { secondsPerFlop: seconds / flops, stepFlops: flops / 3, measureSeconds };
  } finally {
    trainer.dispose();
    model.dispose();
  }
}
