import type { BackendChoice } from '@seqrec/core';
import type { Ranker, Trainer } from '@seqrec/models';
import { resolveRun } from '../../config/load-recipe.ts';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { isRankingConfig } from '../../config/run-config.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { prepareRows, type ReadsHistory } from '../../data/prepare-rows.ts';
import { ConfigError } from '../../errors.ts';
import { startBackend } from '../../run/process/backend.ts';
import { makeRankingTrainer } from '../../run/ranking/make-ranking-trainer.ts';
import { rankingOf } from '../../run/ranking/ranking-of.ts';
import type { Progress } from '../../terminal/progress.ts';
import { refuseStandIn, type SubjectRequest } from './subject.ts';

/** A recipe of rows, ready to train. */
export interface RankingSubject {
  readonly name: string;
  readonly config: RankingRunConfig;
  readonly choice: BackendChoice;
  readonly trainer: Trainer<Ranker>;
  /** The column of the first label. */
  readonly label: string;
}

/** Starts the backend and builds model and trainer as `seqrec train` does. */
export async function openRankingSubject(request: SubjectRequest, progress: Progress): Promise<RankingSubject> {
  const { name, config: resolved } = await resolveRun({ recipe: request.recipe, overrides: request.overrides });
  const config = resolved;
  if (!isRankingConfig(config)) throw new ConfigError(`task.kind: expected ranking; got ${config.task.kind}`);
  refuseStandIn(request, 'rows');
  const data = await prepareRows(config.data, dataFolder(request.dataFolder), progress, config.model as ReadsHistory);
  progress.clear();
  const choice = await startBackend(request.backend);
  const ranking = rankingOf(config, data.split.train);
  const trainer = await makeRankingTrainer(config, data, ranking, {}, { progress });
  return { name, config, choice, trainer, label: ranking.labels[0] };
}
