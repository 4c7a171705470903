import {
  createModel,
  createTrainer,
  isRanker,
  loadTables,
  loadWeights,
  type Ranker,
  type Trainer,
} from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { trainerSettings } from '../../config/trainer-settings.ts';
import type { PreparedRows } from '../../data/prepare-rows.ts';
import { ConfigError } from '../../errors.ts';
import type { TrainerSurroundings } from '../open/make-trainer.ts';
import { checkRankingMemory } from './check-memory.ts';
import { type ResolvedRanking, rankerOptions } from './ranking-of.ts';
import { checkSameIds } from './same-ids.ts';

/** What a model starts from instead of random values. */
export interface InitialFiles {
  /** A file of weights under the names of the model. */
  readonly weights?: string;
  readonly tables?: RankingRunConfig['initialTables'];
}

/**
 * The model of a configuration at its first step, and its trainer.
 *
 * @param initial files that a run that has no checkpoint yet starts from
 * @throws ConfigError, CheckpointError naming what is wrong.
 */
export async function makeRankingTrainer(
  config: RankingRunConfig,
  { split }: PreparedRows,
  ranking: ResolvedRanking,
  initial: InitialFiles,
  { progress, ranks, shardOptimizer }: TrainerSurroundings,
): Promise<Trainer<Ranker>> {
  const options = rankerOptions(config, ranking, split.train);
  checkRankingMemory(config, options, split.train);
  const model = createModel({ ...config.model, kind: config.model.kind as string }, options);
  try {
    if (!isRanker(model)) throw new ConfigError(`model.kind: expected a model of rows; got ${model.kind}`);
    const onNote = (note: string): void => progress.note(`note: ${note}`);
    if (initial.weights !== undefined)
      await loadWeights(initial.weights, model, { onNote, data: split.train.interactions.digest });
    if (initial.tables !== undefined) {
      const { path, tables } = initial.tables;
      await checkSameIds(path, tables, split.train.interactions);
      for (const { table, rows, of } of await loadTables(path, model, { tables, onNote }))
        progress.note(`table ${table}: ${rows} of ${of} rows from ${path}`);
    }
    const among = ranks && { ranks, ...(shardOptimizer && { shardOptimizer }) };
    return createTrainer({ model, examples: split.train, task: ranking.task, ...trainerSettings(config), ...among });
  } catch (error) {
    model.dispose();
    throw error;
  }
}
