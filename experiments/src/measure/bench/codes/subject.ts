import type { BackendChoice } from '@seqrec/core';
import type { Trainer } from '@seqrec/models';
import { resolveRun } from '../../../config/load-recipe.ts';
import { sequenceConfig } from '../../../config/run-config.ts';
import type { RecipeConfig } from '../../../config/schema.ts';
import type { CodedItems } from '../../../data/coded-items.ts';
import { dataFolder } from '../../../data/data-folder.ts';
import { type PreparedData, prepareData } from '../../../data/dataset.ts';
import { ConfigError } from '../../../errors.ts';
import { runIds } from '../../../run/loop/run-ids.ts';
import { makeTrainer } from '../../../run/open/make-trainer.ts';
import { startBackend } from '../../../run/process/backend.ts';
import type { Progress } from '../../../terminal/progress.ts';
import { refuseStandIn, type SubjectRequest } from '../subject.ts';

/** A recipe of generation, ready to train. */
export interface CodesSubject {
  readonly name: string;
  readonly config: RecipeConfig;
  readonly data: PreparedData;
  readonly generation: CodedItems;
  readonly choice: BackendChoice;
  readonly trainer: Trainer;
}

/** Reads the data of a recipe of generation, fits its ids, and makes its model with fresh weights. */
export async function openCodesSubject(request: SubjectRequest, progress: Progress): Promise<CodesSubject> {
  const { name, config: resolved } = await resolveRun({ recipe: request.recipe, overrides: request.overrides });
  const config = sequenceConfig(resolved, `the recipe ${name}`);
  refuseStandIn(request, config.task.kind);
  const prepared = await prepareData(config.data, dataFolder(request.dataFolder), progress);
  const choice = await startBackend(request.backend);
  const generation = await runIds(config, prepared, { progress });
  progress.clear();
  if (generation === undefined)
    throw new ConfigError(
      `--recipe: expected a recipe of the task generation; got ${name} of ${config.task.kind}`,
      'for example amazon-beauty/sid-decoder',
    );
  const data = { ...prepared, generation };
  return { name, config, data, generation, choice, trainer: await makeTrainer(config, data, {}, { progress }) };
}
