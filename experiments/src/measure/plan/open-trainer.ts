import type { BackendChoice } from '@seqrec/core';
import type { Trainer } from '@seqrec/models';
import { resolveRun } from '../../config/load-recipe.ts';
import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import type { Progress } from '../../terminal/progress.ts';
import { openRankingSubject } from '../bench/ranking-subject.ts';
import { openSubject, type SubjectRequest } from '../bench/subject.ts';

/** A recipe of any task, ready to train. */
export interface OpenTrainer {
  readonly name: string;
  readonly config: RunConfig;
  readonly choice: BackendChoice;
  readonly trainer: Trainer;
}

/** Starts the backend and builds model and trainer as `seqrec train` does. */
export async function openTrainer(request: SubjectRequest, progress: Progress): Promise<OpenTrainer> {
  const { config } = await resolveRun({ recipe: request.recipe, overrides: request.overrides });
  if (!isRankingConfig(config)) return openSubject(request, progress);
  const { trainer, ...subject } = await openRankingSubject(request, progress);
  return { ...subject, trainer: trainer as unknown as Trainer };
}
