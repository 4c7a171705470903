import type { Collective } from '@seqrec/core/collectives';
import type { ItemVectors } from '@seqrec/data';
import {
  createModel,
  createTrainer,
  isDenseEncoder,
  isSharded,
  loadWeights,
  setContent,
  setItemVectors,
  type TablePartition,
  type TokenEncoder,
  type Trainer,
  withShardedTables,
} from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { trainerSettings } from '../../config/trainer-settings.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { trainingSet } from '../../data/training-set.ts';
import { ConfigError } from '../../errors.ts';
import type { Progress } from '../../terminal/progress.ts';
import { checkMemory } from './check-memory.ts';
import { runModel } from './run-model.ts';

/** What the weights of a run start from, when it has no checkpoint yet. */
export interface Beginning {
  readonly itemVectors?: ItemVectors;
  /** A file of weights under the names of the model. */
  readonly initialWeights?: string;
}

/** Where a trainer says what it does, and with whom it trains. */
export interface TrainerSurroundings {
  readonly progress: Progress;
  readonly ranks?: Collective;
  /** How the item table lies on the ranks; absent: whole on each. */
  readonly partition?: TablePartition;
  /** Whether what the optimiser keeps of the dense weights lies on several ranks. */
  readonly shardOptimizer?: boolean;
}

/**
 * The model of a configuration at its first step, and its trainer. Made before a run folder is, so that what does not
 * go together is said while there is nothing to clear up.
 *
 * @throws ConfigError, CheckpointError naming what is wrong.
 */
export async function makeTrainer(
  config: RecipeConfig,
  data: PreparedData,
  { itemVectors, initialWeights }: Beginning,
  { progress, ranks, partition, shardOptimizer }: TrainerSurroundings,
): Promise<Trainer<TokenEncoder>> {
  checkMemory(config, data);
  sayWhatLossIs(config, progress);
  const { split } = data;
  const sharding = ranks && partition && { ranks, partition };
  const made = runModel(config, data);
  const model = withShardedTables(sharding, () => createModel(made.config, made.options));
  try {
    if (partition !== undefined && !isSharded(model))
      throw new ConfigError(
        `--shard-tables: expected a model with an item table of its own, such as hstu or sasrec; got '${model.kind}'; its tables are whole on every rank`,
      );
    const content = data.generation?.content;
    if (content !== undefined && 'values' in content && isDenseEncoder(model)) setContent(model, content);
    if (itemVectors !== undefined) await setItemVectors(model, itemVectors);
    if (initialWeights !== undefined)
      await loadWeights(initialWeights, model, {
        onNote: (note) => progress.note(`note: ${note}`),
        data: split.train.interactions.digest,
      });
    const set = trainingSet(config, split.train, data.generation);
    const among = ranks && { ranks, ...(shardOptimizer && { shardOptimizer }) };
    return createTrainer({ model, ...set, ...trainerSettings(config), ...among });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** A loss that is no likelihood looks wrong in a table of epochs. */
function sayWhatLossIs({ objective }: RecipeConfig, progress: Progress): void {
  if (objective.kind !== 'pool-softmax' || objective.logQForm !== 'corrected') return;
  progress.note(
    'note: the loss of objective.logQForm corrected is no likelihood and can be negative, its gradient alone means something: compare metrics, not losses',
  );
}
