import type { OptimizerConfig } from '@seqrec/models';
import type { RecipeConfig } from './schema.ts';

/** What the trainer takes of a configuration, besides model, data and task. */
export type TrainerSettings = OptimizerConfig &
  Pick<RecipeConfig['training'], 'batchSize' | 'parts' | 'shuffle' | 'weightAverage' | 'renewTables'> & {
    readonly seed: number;
  };

/** The sections `optimizer` and `training`, and the seed, as options of the trainer. */
export function trainerSettings({
  optimizer,
  training,
  seed,
}: Pick<RecipeConfig, 'optimizer' | 'training' | 'seed'>): TrainerSettings {
  const { batchSize, parts, shuffle, weightAverage, renewTables } = training;
  const own = { ...(weightAverage && { weightAverage }), ...(renewTables && { renewTables }) };
  return { batchSize, parts, shuffle, ...optimizer, ...own, seed };
}
