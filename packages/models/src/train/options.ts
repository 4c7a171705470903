import type { ExampleSet } from '@seqrec/data';
import { z } from 'zod';
import { rate, size } from '../config/fields.ts';
import { parseConfig } from '../config/parse.ts';
import type { SequenceModel } from '../model.ts';
import type { Objective } from '../objectives/objective.ts';

const optionsSchema = z.strictObject({
  /** Sequences per step. */
  batchSize: size,
  learningRate: z.number().min(0),
  beta1: rate.default(0.9),
  /** The reference trains with 0.98. */
  beta2: rate.default(0.98),
  epsilon: z.number().gt(0).default(1e-8),
  weightDecay: z.number().min(0).default(0),
  /** Seed of order, dropout and negatives. */
  seed: z.int().min(0).default(0),
  /** False keeps the order of the examples, as a single pass over a stream needs. */
  shuffle: z.boolean().default(true),
});

/** Numbers of the optimiser and the loop, defaults filled in. */
export type ResolvedOptions = z.output<typeof optionsSchema>;

export interface TrainerOptions extends z.input<typeof optionsSchema> {
  readonly model: SequenceModel;
  /** Histories must already be cut to the model's `maxSequenceLength`, for example with `latestWindow`. */
  readonly examples: ExampleSet;
  /** Default: {@link sampledSoftmaxObjective} with `numNegatives` and `temperature`. */
  readonly objective?: Objective;
  /** For the default objective, default 128. */
  readonly numNegatives?: number;
  /** For the default objective, default 0.05. */
  readonly temperature?: number;
}

/** @throws ConfigError naming the option. */
export function resolveOptions(options: TrainerOptions): ResolvedOptions {
  const { model: _m, examples: _e, objective: _o, numNegatives: _n, temperature: _t, ...rest } = options;
  return parseConfig(optionsSchema, rest, 'trainer');
}
