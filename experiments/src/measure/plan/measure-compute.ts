import { type ComputeCost, createTrainer, historyCost, type Trainer } from '@seqrec/models';
import { recordKernels } from '../bench/recorder.ts';
import { median } from '../bench/statistics.ts';

const WARM_STEPS = 2;
const ROUNDS = 5;
/** What smaller batches are smaller by: they tell what a step costs whatever the batch. */
const SMALLER = [8, 64];

/** Seconds of a step against `historyCost` of its batch: the line through the medians of three sizes of batch. */
export async function measureCompute(
  trainer: Trainer,
  onRound: (done: number, rounds: number) => void,
): Promise<ComputeCost> {
  const { model, task, examples, windows, options } = trainer;
  const small = SMALLER.map((factor) => {
    const batchSize = Math.max(1, Math.ceil(options.batchSize / factor));
    return createTrainer({ model, task: task as never, examples, windows, ...options, batchSize });
  });
  try {
    const sizes = [trainer, ...small].map((each) => ({ trainer: each, cost: [] as number[], seconds: [] as number[] }));
    for (let round = -WARM_STEPS; round < ROUNDS; round++) {
      // In turn, so that a drift of the machine's speed meets all alike.
      for (const { trainer: own, cost, seconds } of sizes) {
        const units = costOf(own);
        const info = await own.step();
        if (round < 0) continue;
        cost.push(units);
        seconds.push(info.seconds);
      }
      onRound(round + WARM_STEPS + 1, WARM_STEPS + ROUNDS);
    }
    return lineThrough(sizes.map(({ cost, seconds }) => ({ cost: median(cost), seconds: median(seconds) })));
  } finally {
    for (const each of small) each.dispose();
  }
}

interface Point {
  readonly cost: number;
  readonly seconds: number;
}

/**
 * The line with the least squares of relative errors, without a negative part: noise may give one where hardly anything
 * is fixed.
 */
export function lineThrough(points: readonly Point[]): ComputeCost {
  // `(fixed + perCost c) / t` against 1: normal equations of two columns, 1 / t and c / t.
  let [aa, ab, bb, a, b] = [0, 0, 0, 0, 0];
  for (const { cost, seconds } of points) {
    const [one, units] = [1 / seconds, cost / seconds];
    aa += one * one;
    ab += one * units;
    bb += units * units;
    a += one;
    b += units;
  }
  const determinant = aa * bb - ab * ab;
  const [fixed, perCost] = [(a * bb - b * ab) / determinant, (b * aa - a * ab) / determinant];
  if (fixed >= 0 && perCost >= 0) return { fixed, perCost };
  // Of the two parts alone: all of it by cost, or, where smaller batches took longer, none.
  return perCost < 0 ? { fixed: a / aa, perCost: 0 } : { fixed: 0, perCost: b / bb };
}

/** The work of one step at a rate: what its kernels count, over `historyCost` of its batch. */
export async function countCompute(trainer: Trainer, backend: string, flopsPerSecond: number): Promise<ComputeCost> {
  const units = costOf(trainer);
  const recorder = recordKernels(backend);
  try {
    await trainer.step();
  } finally {
    recorder.stop();
  }
  const flops = recorder.result().kernels.reduce((sum, kernel) => sum + kernel.flops, 0);
  return { fixed: 0, perCost: flops / flopsPerSecond / units };
}

/** Of the batch that comes next. */
function costOf(trainer: Trainer): number {
  const { epoch, stepInEpoch } = trainer.position;
  const { starts, targets } = trainer.epochExamples(epoch);
  return trainer
    .batchIndices(epoch, stepInEpoch)
    .reduce((sum, example) => sum + historyCost(targets[example] - starts[example]), 0);
}
