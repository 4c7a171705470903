import type { Collective } from '@seqrec/core/collectives';
import type { ExampleSet, WindowPolicy } from '@seqrec/data';
import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { count } from '../config/fields.ts';
import { parseConfig } from '../config/parse.ts';
import { ConfigError } from '../errors.ts';
import { isRunning } from '../layers/layer.ts';
import { shardOf } from '../layers/table-shards.ts';
import { isTokenEncoder, type Model } from '../model.ts';
import type { Objective } from '../objectives/objective.ts';
import { sampledSoftmaxObjective } from '../objectives/sampled-softmax.ts';
import { retrievalTask } from '../tasks/retrieval.ts';
import type { Task } from '../tasks/task.ts';
import { optimizerFields } from './optimizer-config.ts';
import { checkSpread } from './ranks.ts';

const optionsSchema = z.strictObject({
  /** Sequences per step. */
  batchSize: count,
  /**
   * In how many parts a batch is computed, one after the other: the memory of a step is that of a part. Gradients are
   * added up in a fixed order, and random streams count on from part to part, so that the step is the same. Default 1.
   */
  parts: count.default(1),
  ...optimizerFields,
  /** Evaluations, the best checkpoint and every saved model take an exponential mean of the weights; absent: not. */
  weightAverage: z.strictObject({ decay: z.number().min(0).lt(1) }).optional(),
  /**
   * Tables of ids start anew with every epoch but the first, with what the optimiser keeps of them; default false. For
   * dense training without averages.
   */
  renewTables: z.boolean().default(false),
  /** Seed of order, dropout and negatives. */
  seed: z.int().min(0).default(0),
  /** False keeps the order of the examples, as a single pass over a stream needs. */
  shuffle: z.boolean().default(true),
});

/** What options are that nobody sets. */
export const {
  batchSize: _b,
  learningRate: _l,
  ...defaultOptions
} = optionsSchema.parse({ batchSize: 1, learningRate: 0 });

/** Numbers of the optimiser and the loop, defaults filled in. */
export type ResolvedOptions = Omit<z.output<typeof optionsSchema>, 'embeddings'> & {
  readonly embeddings: 'dense' | 'rowwise';
};

/** Largest item table, in numbers, that `auto` trains with dense AdamW. The reference's data sets are all below. */
export const LARGEST_DENSE_TABLE = 2 ** 26;

export interface TrainerOptions<M extends Model = Model> extends z.input<typeof optionsSchema> {
  readonly model: M;
  /**
   * Without `windows`, histories must already be cut to the model's `maxSequenceLength`, for example with
   * `latestWindow`; with them they are whole.
   */
  readonly examples: ExampleSet;
  /** Which part of every history an epoch trains on, drawn anew each epoch; default: the histories of `examples`. */
  readonly windows?: WindowPolicy;
  /** What the model is trained for; default: {@link retrievalTask} with `objective`. */
  readonly task?: Task<never>;
  /** Of retrieval; default: {@link sampledSoftmaxObjective} with `numNegatives` and `temperature`. */
  readonly objective?: Objective;
  /** For the default objective, default 128. */
  readonly numNegatives?: number;
  /** For the default objective, default 0.05. */
  readonly temperature?: number;
  /**
   * Ranks that train the same model on the same examples in step: each computes its share of the `parts` of a batch,
   * and all take the same step. The weights are those of one process with as many parts, bit for bit.
   */
  readonly ranks?: Collective;
  /**
   * Spreads what the optimiser keeps of the dense weights over the ranks: each weight has one owner, which alone keeps
   * its moments and takes its steps, and sends the new values to all. The weights are the same, bit for bit. Default
   * false; needs `ranks`.
   */
  readonly shardOptimizer?: boolean;
}

/** The task of a trainer. */
export function taskOf({ task, objective, numNegatives, temperature }: TrainerOptions): Task {
  return (task ?? retrievalTask(objective ?? sampledSoftmaxObjective({ numNegatives, temperature }))) as Task;
}

/** The tables that are trained by rows, by name. */
export function rowwiseTables(model: Model, { embeddings }: ResolvedOptions): readonly string[] {
  return embeddings === 'rowwise' ? [...model.tables().keys()] : [];
}

/** Whoever trains tables that lie on several ranks must know all that reads them, and move no row besides. */
function checkShards(model: Model): void {
  const tables = new Set<tf.Variable>(Array.from(model.tables().values(), ({ variable }) => variable));
  const shards = [...model.variables()].filter(([, variable]) => shardOf(variable) !== undefined);
  if (shards.length === 0) return;
  const hidden = shards.find(([, variable]) => !tables.has(variable));
  if (hidden !== undefined || model.withRows === undefined)
    throw new ConfigError(
      `trainer: ranks: expected a model that says which of its tables are trained by rows (tables, withRows); got '${model.kind}', whose ${hidden?.[0] ?? 'tables'} would be read in part; train with whole tables`,
      'ranks',
    );
  if (model.penalty !== undefined)
    throw new ConfigError(
      `trainer: ranks: expected a model without a regulariser for tables that lie on several ranks; got '${model.kind}', whose regulariser reads every row; train with whole tables`,
      'ranks',
    );
}

/** Parts that are normalised each by its own statistics would take another step than the whole batch. */
function checkRunning(model: Model, parts: number, ranks: Collective | undefined): void {
  const running = [...model.variables()].find(([, variable]) => isRunning(variable))?.[0];
  const size = ranks?.size ?? 1;
  if (running === undefined || (parts === 1 && size === 1)) return;
  const [key, got] = size === 1 ? ['parts', `${parts} parts`] : ['ranks', `${size} ranks`];
  throw new ConfigError(
    `trainer: ${key}: expected whole batches in one process for a model that reads statistics of its batch, of which it keeps '${running}'; got ${got}; take another activation than dice, or a smaller batch`,
    key,
  );
}

function checkShardOptimizer(shardOptimizer: unknown, ranks: Collective | undefined): void {
  if (typeof shardOptimizer !== 'boolean')
    throw new ConfigError(
      `trainer: shardOptimizer: expected true or false; got ${String(shardOptimizer)}`,
      'shardOptimizer',
    );
  if (shardOptimizer && ranks === undefined)
    throw new ConfigError(
      'trainer: shardOptimizer: expected several ranks to spread what the optimiser keeps; got one process; give ranks as well',
      'shardOptimizer',
    );
}

/** @throws ConfigError naming the option. */
export function resolveOptions(options: TrainerOptions, task: Task): ResolvedOptions {
  const {
    model,
    examples: _e,
    windows: _w,
    task: _k,
    objective: _o,
    numNegatives: _n,
    temperature: _t,
    ranks,
    shardOptimizer = false,
    ...rest
  } = options;
  const { embeddings, ...numbers } = parseConfig(optionsSchema, rest, 'trainer');
  checkShardOptimizer(shardOptimizer, ranks);
  checkRunning(model, numbers.parts, ranks);
  if (ranks !== undefined) checkSpread(numbers.parts, ranks.size);
  checkShards(model);
  const possible = task.namesItems;
  if (embeddings === 'rowwise' && !possible) {
    throw new ConfigError(
      `trainer: embeddings: expected 'dense' for ${describe(task)}; got 'rowwise'; row-wise training needs an objective that names its items beforehand, with draw()`,
      'embeddings',
    );
  }
  if (embeddings === 'rowwise' && (model.tables().size === 0 || model.penalty !== undefined)) {
    throw new ConfigError(
      `trainer: embeddings: expected 'dense' for ${model.tables().size === 0 ? `a '${model.kind}', whose tables are not trained by rows` : 'a model with a regulariser, which moves every row'}; got 'rowwise'`,
      'embeddings',
    );
  }
  const ofTables = numbers.tables !== undefined ? 'tables' : numbers.renewTables ? 'renewTables' : undefined;
  if (ofTables !== undefined && model.tables().size === 0)
    throw new ConfigError(
      `trainer: ${ofTables}: expected a model that says which of its tables are of ids; got a '${model.kind}', whose tables train as its other weights do; leave it out`,
      ofTables,
    );
  const table = isTokenEncoder(model) && model.tables().size > 0 ? model.itemTable() : undefined;
  if (embeddings === 'rowwise' && table?.trainable === false) {
    throw new ConfigError(
      `trainer: embeddings: expected 'dense' for an item table that is kept as it is; got 'rowwise', which trains its rows`,
      'embeddings',
    );
  }
  const big = [...model.tables().values()].some(
    ({ variable, store }) =>
      store !== undefined || variable.size > LARGEST_DENSE_TABLE || shardOf(variable) !== undefined,
  );
  const automatic = big && possible && model.penalty === undefined && table?.trainable !== false ? 'rowwise' : 'dense';
  const resolved = { ...numbers, embeddings: embeddings === 'auto' ? automatic : embeddings } as const;
  checkStored(model, resolved);
  if (resolved.renewTables && (resolved.embeddings === 'rowwise' || resolved.weightAverage !== undefined))
    throw new ConfigError(
      `trainer: renewTables: expected it with embeddings 'dense' and without weightAverage; got ${resolved.embeddings === 'rowwise' ? "embeddings 'rowwise'" : 'weightAverage, a mean over epochs'}`,
      'renewTables',
    );
  const kept = [...model.tables()].find(([, { variable }]) => variable.trainable === false)?.[0];
  if (resolved.renewTables && kept !== undefined)
    throw new ConfigError(
      `trainer: renewTables: expected tables that are trained; got '${kept}', which is kept as it is`,
      'renewTables',
    );
  if (ranks !== undefined && [...model.tables().values()].some(({ store }) => store !== undefined))
    throw new ConfigError('trainer: ranks: expected one process for tables that lie in a store; got several', 'ranks');
  return resolved;
}

/** Of a table in a store a step reads and changes the rows that it names, and no others. */
function checkStored(model: Model, { embeddings, weightAverage }: ResolvedOptions): void {
  const stored = [...model.tables()].find(([, { store }]) => store !== undefined)?.[0];
  if (stored === undefined || (embeddings === 'rowwise' && weightAverage === undefined)) return;
  const [key, got] =
    embeddings === 'dense'
      ? ['embeddings', "'dense', which moves every row"]
      : ['weightAverage', 'weightAverage, which reads every row'];
  throw new ConfigError(
    `trainer: ${key}: expected embeddings 'rowwise' without weightAverage for '${stored}', which lies in a store; got ${got}`,
    key,
  );
}

function describe({ name, identity }: Task): string {
  const objective = identity.objective as { readonly name?: string } | undefined;
  return objective?.name === undefined ? `the task '${name}'` : `the objective '${objective.name}'`;
}
