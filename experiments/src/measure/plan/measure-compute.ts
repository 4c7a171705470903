import { type ComputeCost, createTrainer, historyCost, type Trainer } from '@seqrec/models';
import { recordKernels } from '../bench/recorder.ts';
import { median } from '../bench/statistics.ts';

const WARM_STEPS = 2;
const ROUNDS = 5;
/** What the second batch is smaller by: the two tell what a step costs whatever the batch. */
const SMALLER = 8;

/** Seconds of a step against `historyCost` of its batch: the line through the medians of two sizes of batch. */
export async function measureCompute(
  trainer: Trainer,
  onRound: (done: number, rounds: number) => void,
): Promise<ComputeCost> {
  const { model, task, examples, windows, options } = trainer;
  const batchSize = Math.max(1, Math.ceil(options.batchSize / SMALLER));
  const small = createTrainer({ model, task: task as never, examples, windows, ...options, batchSize });
  try {
    const sizes = [trainer, small].map((each) => ({ trainer: each, cost: [] as number[], seconds: [] as number[] }));
    for (let round = -WARM_STEPS; round < ROUNDS; round++) {
      // In turn, so that a drift of the machine's speed meets both alike.
      for (const { trainer: own, cost, seconds } of sizes) {
        const units = costOf(own);
        const info = await own.step();
        if (round < 0) continue;
        cost.push(units);
        seconds.push(info.seconds);
      }
      onRound(round + WARM_STEPS + 1, WARM_STEPS + ROUNDS);
    }
    return lineThrough(
      sizes.map(({ cost, seconds }) => ({ cost: median(cost), seconds: median(seconds) })) as [Point, Point],
    );
  } finally {
    small.dispose();
  }
}

interface Point {
  readonly cost: number;
  readonly seconds: number;
}

/** Never a negative part: noise may give one where hardly anything is fixed. */
export function lineThrough([large, small]: readonly [Point, Point]): ComputeCost {
  const slope = (large.seconds - small.seconds) / (large.cost - small.cost);
  const fixed = large.seconds - slope * large.cost;
  if (slope > 0 && fixed > 0) return { fixed, perCost: slope };
  return slope > 0 || large.cost === small.cost
    ? { fixed: 0, perCost: large.seconds / large.cost }
    : { fixed: large.seconds, perCost: 0 };
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
