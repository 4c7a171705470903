import { existsSync } from 'node:fs';
import type { ExampleSet } from '@seqrec/data';
import type { Ranker, RankingEvaluation } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { watchedSet } from '../../data/dataset.ts';
import type { PreparedRows } from '../../data/prepare-rows.ts';
import { summariseData } from '../../data/summarise-data.ts';
import { UsageError } from '../../errors.ts';
import { sayLargeBatch } from '../loop/execute-run.ts';
import { betterOf } from '../loop/figures.ts';
import { type Executed, type ExecuteOptions, executeTask } from '../loop/run-folder.ts';
import { describeWeights, sameWeights, savedWeights } from '../open/initial-weights.ts';
import { checkSameData } from '../open/resume.ts';
import { checkRankingAgainstData } from './check-ranking.ts';
import { evaluateRows } from './evaluate-rows.ts';
import { finishRankingRun } from './finish-ranking.ts';
import { makeRankingTrainer } from './make-ranking-trainer.ts';
import { metricsOf, rankingOf, selectedMetric, selectedValue } from './ranking-of.ts';

export interface ExecuteRankingRequest extends ExecuteOptions {
  readonly config: RankingRunConfig;
  readonly data: PreparedRows;
}

/** A run of the task `ranking` from beginning to report. Without results when a signal stopped it. */
export async function executeRankingRun(request: ExecuteRankingRequest): Promise<Executed> {
  const { name, config, data, previous, progress, stop, ranks, shardOptimizer } = request;
  if (request.partition !== undefined)
    throw new UsageError(
      `--shard-tables: expected a recipe of retrieval, whose item table is long; got one of ranking, ${name}; its tables are whole on every rank`,
    );
  const { split } = data;
  const ranking = rankingOf(config, split.train);
  checkRankingAgainstData(config, data, ranking, previous !== undefined);
  sayLargeBatch(config, split.train, progress, 'rows');
  const described = summariseData(split);
  if (previous) checkSameData(previous, described.digest);
  const begun = previous !== undefined && existsSync(previous.last);
  const from = begun ? undefined : config.initialWeights?.path;
  const initial = begun ? {} : { ...(from !== undefined && { weights: from }), tables: config.initialTables };
  const initialWeights = from === undefined ? savedWeights(previous) : await sameWeights(from, previous);
  const trainer = await makeRankingTrainer(config, data, ranking, initial, {
    progress,
    ...(ranks && { ranks }),
    ...(shardOptimizer && { shardOptimizer }),
  });
  const { task } = ranking;
  const context = { task, batchSize: config.evaluation.batchSize, progress, stop };
  const selectBy = selectedMetric(config, task);
  const known = metricsOf(task);
  return executeTask(
    {
      config,
      summary: { ...described, ...(initialWeights && { initialWeights }) },
      interactions: split.interactions,
      notes: initialWeights ? [describeWeights(initialWeights)] : [],
      trainer,
      judge: {
        watched: watchedSet(split),
        evaluate: (model: Ranker, set: ExampleSet) => evaluateRows(model, set, context),
        value: ({ metrics }: RankingEvaluation, metric: string) => selectedValue(metrics, metric),
        better: betterOf(selectBy, known),
        selectBy,
        known,
      },
      unit: 'rows',
      finish: (run, outcome) => finishRankingRun(run, { name, config, data }, outcome, context),
    },
    request,
  );
}
