import { existsSync } from 'node:fs';
import type { Collective } from '@seqrec/core/collectives';
import type { ExampleSet } from '@seqrec/data';
import { type Evaluation, idsDigest, type TokenEncoder, writeSemanticIds } from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { type PreparedData, watchedSet } from '../../data/dataset.ts';
import { summariseData } from '../../data/summarise-data.ts';
import type { Progress } from '../../terminal/progress.ts';
import { evaluateSet, evaluateSetOverRanks } from '../evaluation/evaluate-set.ts';
import { selectionValue } from '../evaluation/selection.ts';
import { checkAgainstData, rowNumberWarning } from '../open/check-config.ts';
import { describeWeights, sameWeights, savedWeights } from '../open/initial-weights.ts';
import { describeVectors, recipeVectors, sameVectors } from '../open/item-vectors.ts';
import { makeTrainer } from '../open/make-trainer.ts';
import { checkSameData, checkSameIds } from '../open/resume.ts';
import { isShared } from '../ranks/evaluate-together.ts';
import { finishRun } from './finish-run.ts';
import { type Executed, type ExecuteOptions, executeTask } from './run-folder.ts';
import { describeIds, runIds } from './run-ids.ts';

export interface ExecuteRequest extends ExecuteOptions {
  readonly config: RecipeConfig;
  readonly data: PreparedData;
}

/** A run of retrieval from beginning to report. Without results when a signal stopped it; then all is saved. */
export async function executeRun(request: ExecuteRequest): Promise<Executed> {
  const { name, config, previous, progress, stop, ranks, partition, shardOptimizer } = request;
  checkAgainstData(config, request.data, previous !== undefined);
  const generation = await runIds(config, request.data, { previous, progress });
  const data = { ...request.data, ...(generation && { generation }) };
  const warning = rowNumberWarning(config, data);
  // Whatever --quiet says.
  if (warning !== undefined && (ranks?.rank ?? 0) === 0) console.error(warning);
  sayLargeBatch(config, data.split.train, progress);
  const described = summariseData(data.split);
  if (previous) checkSameData(previous, described.digest);
  if (previous && generation) checkSameIds(previous, generation.ids);
  // A checkpoint has its item table: the file may be gone by then.
  const begun = previous !== undefined && existsSync(previous.last);
  const vectors = begun ? undefined : await recipeVectors(config, data.split.interactions);
  const itemVectors = (previous && sameVectors(previous, vectors)) ?? vectors?.summary;
  const from = begun ? undefined : config.initialWeights?.path;
  const initialWeights = from === undefined ? savedWeights(previous) : await sameWeights(from, previous);
  const summary = {
    ...described,
    ...(generation && { semanticIds: idsDigest(generation.ids) }),
    ...(itemVectors && { itemVectors }),
    ...(initialWeights && { initialWeights }),
  };
  const beginning = { ...(vectors && { itemVectors: vectors.vectors }), ...(from && { initialWeights: from }) };
  const trainer = await makeTrainer(config, data, beginning, {
    progress,
    ...(ranks && { ranks }),
    ...(partition && { partition }),
    ...(shardOptimizer && { shardOptimizer }),
  });
  const evaluation = { data, options: config.evaluation, window: config.model.maxSequenceLength, progress, stop };
  const watched = watchedSet(data.split);
  const judge = {
    watched,
    evaluate: (model: TokenEncoder, set: ExampleSet) => evaluateSet(model, set, evaluation),
    ...(generation === undefined && {
      overRanks: (model: TokenEncoder, set: 'watched' | 'test', others: Collective) =>
        evaluateSetOverRanks(model, set === 'test' ? data.split.test : watched, evaluation, others),
    }),
    value: (figures: Evaluation, metric: string) => selectionValue(figures, metric),
    better: 'larger',
    selectBy: config.evaluation.selectBy,
  } as const;
  const task = executeTask(
    {
      config,
      summary,
      interactions: data.split.interactions,
      notes: [
        ...(vectors ? [describeVectors(vectors.summary)] : []),
        ...(initialWeights ? [describeWeights(initialWeights)] : []),
        ...(generation ? [describeIds(generation, data.split.interactions)] : []),
      ],
      ...(generation && { save: (run) => writeSemanticIds(run.ids, generation.ids) }),
      trainer,
      judge,
      finish: (run, outcome) =>
        finishRun(run, { name, config }, outcome, {
          ...evaluation,
          ...(ranks && isShared(judge) && { shared: { judge, ranks } }),
        }),
    },
    request,
  );
  // Many runs of one process would otherwise keep all their weights.
  return task.finally(() => {
    trainer.dispose();
    trainer.model.dispose();
  });
}

/** A batch beyond the data is no error, since data may be small, but hardly what was meant. */
export function sayLargeBatch(
  { training }: Pick<RecipeConfig, 'training'>,
  { targets }: ExampleSet,
  progress: Progress,
  what = 'sequences',
): void {
  if (training.batchSize > targets.length)
    progress.note(
      `note: training.batchSize ${training.batchSize} is more than the ${targets.length} training ${what}: every epoch is one step`,
    );
}
