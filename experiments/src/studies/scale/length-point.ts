import { type ExampleSet, interactionsFromArrays, stochasticLength, trainTest, type WindowPolicy } from '@seqrec/data';
import { createModel, createTrainer, type ModelConfig } from '@seqrec/models';
import { median } from '../../measure/bench/statistics.ts';
import { stepFlops, totalFlops } from '../../measure/flops/step.ts';
import { backendHeap } from '../../run/process/heap.ts';
import { encoderOf } from './encoders.ts';

/** Attention then costs `O(n^1.6)`: the paper's middle choice. */
const STOCHASTIC_ALPHA = 1.6;

interface LengthVariant {
  /** Lengths of the sequences of a batch whose longest has `n` events. */
  lengths(n: number, batch: number): number[];
  /** What training makes of them. */
  policy?(n: number): WindowPolicy;
}

/** Many short and few long, `n q^2` at the quantile `q`: their mean is a third of the longest. */
function longTailed(n: number, batch: number): number[] {
  return Array.from({ length: batch }, (_, i) =>
    i === batch - 1 ? n : Math.max(1, Math.round(n * ((i + 0.5) / batch) ** 2)),
  );
}

/** How the sequences of a batch come to their lengths. */
export const lengthVariants: Readonly<Record<string, LengthVariant>> = {
  /** Every sequence as long as the longest: what padding makes of a batch. */
  padded: { lengths: (n, batch) => Array.from({ length: batch }, () => n) },
  jagged: { lengths: longTailed },
  /** The latest events are kept: which ones makes no difference to the cost. */
  stochastic: {
    lengths: longTailed,
    policy: (n) => stochasticLength({ maxLength: n, alpha: STOCHASTIC_ALPHA, subsequence: 'recent', seed: 1 }),
  },
};

export interface LengthPoint {
  readonly encoder: string;
  readonly variant: string;
  /** Events of the longest sequence. */
  readonly length: number;
  readonly tokens: number;
  readonly flops: number;
  /** Median and least of the timed steps. */
  readonly seconds: number;
  readonly leastSeconds: number;
  /** Most bytes that a step takes in the heap of the backend, beyond `residentBytes`; absent where it does not tell. */
  readonly peakBytes?: number;
  /** Between steps: weights and the optimiser's moments. */
  readonly residentBytes?: number;
}

export interface LengthSettings {
  readonly width: number;
  readonly depth: number;
  readonly batch: number;
  readonly items: number;
  readonly numNegatives: number;
  readonly repeats: number;
}

/** Times training steps of a fresh encoder on one batch of sequences, and reads the peak of the heap. */
export async function measureLength(
  encoder: string,
  variant: string,
  length: number,
  settings: LengthSettings,
): Promise<LengthPoint> {
  const { width, depth, batch, items, numNegatives, repeats } = settings;
  const { lengths: drawn, policy } = lengthVariants[variant];
  const config: ModelConfig = encoderOf(encoder, { width, depth, length }, { outputLength: 1, dropout: 0.2 });
  const model = createModel(config, { numItems: items, seed: 1 });
  const whole = sequences(drawn(length, batch), items);
  const examples = policy?.(length).examples(whole, 0) ?? whole;
  const lengths = Array.from(examples.targets, (target, e) => target - examples.starts[e]);
  const trainer = createTrainer({ model, examples, batchSize: batch, learningRate: 1e-3, numNegatives, seed: 1 });
  try {
    // The first step also allocates the optimiser's moments.
    await trainer.step();
    const heap = backendHeap();
    heap?.resetPeak();
    const residentBytes = heap?.used ?? 0;
    const seconds = (await trainer.steps(repeats)).map((info) => info.seconds);
    return {
      encoder,
      variant,
      length,
      tokens: lengths.reduce((sum, each) => sum + each, 0),
      flops: totalFlops(stepFlops(config, { numNegatives }, lengths, items)),
      seconds: median(seconds),
      leastSeconds: Math.min(...seconds),
      ...(heap && { peakBytes: heap.peak - residentBytes, residentBytes }),
    };
  } finally {
    trainer.dispose();
    model.dispose();
  }
}

/** One example a sequence: `length` events of history and a target, an hour apart, items in a fixed scatter. */
function sequences(lengths: readonly number[], items: number): ExampleSet {
  const users: number[] = [];
  const events: number[] = [];
  const times: number[] = [];
  lengths.forEach((length, user) => {
    for (let t = 0; t < length + 2; t++) {
      users.push(user);
      events.push(1 + ((t * 7919 + user * 104_729) % items));
      times.push(t * 3600);
    }
  });
  const catalogue = Array.from({ length: items }, (_, i) => ({ item: i + 1 }));
  return trainTest(interactionsFromArrays({ name: 'lengths', users, items: events, timestamps: times, catalogue }))
    .train;
}
