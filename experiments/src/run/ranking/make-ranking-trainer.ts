import { createModel, createTrainer, isRanker, loadWeights, type Ranker, type Trainer } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { trainerSettings } from '../../config/trainer-settings.ts';
import type { PreparedRows } from '../../data/prepare-rows.ts';
import { ConfigError } from '../../errors.ts';
import type { TrainerSurroundings } from '../open/make-trainer.ts';
import { checkRankingMemory } from './check-memory.ts';
import { type ResolvedRanking, rankerOptions } from './ranking-of.ts';

/**
 * The model of a configuration at its first step, and its trainer.
 *
 * @param initialWeights a file of weights to start from, under the names of the model
 * @throws ConfigError, CheckpointError naming what is wrong.
 */
export async function makeRankingTrainer(
  config: RankingRunConfig,
  { split }: PreparedRows,
  ranking: ResolvedRanking,
  initialWeights: string | undefined,
  { progress, ranks, shardOptimizer }: TrainerSurroundings,
): Promise<Trainer<Ranker>> {
  const options = rankerOptions(config, ranking, split.train);
  checkRankingMemory(config, options, split.train);
  const model = createModel({ ...config.model, kind: config.model.kind as string }, options);
  try {
    if (!isRanker(model)) throw new ConfigError(`model.kind: expected a model of rows; got ${model.kind}`);
    if (initialWeights !== undefined)
      await loadWeights(initialWeights, model, { onNote: (note) => progress.note(`note: ${note}`) });
    const among = ranks && { ranks, ...(shardOptimizer && { shardOptimizer }) };
    return createTrainer({ model, examples: split.train, task: ranking.task, ...trainerSettings(config), ...among });
  } catch (error) {
    model.dispose();
    throw error;
  }
}
