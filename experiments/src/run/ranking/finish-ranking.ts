import { ClickRows, loadWeights, type Ranker, type RankingEvaluation, type TaskMetric } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import type { PreparedRows } from '../../data/prepare-rows.ts';
import { warningsIn } from '../evaluation/evaluate-set.ts';
import { testedCheckpoint } from '../evaluation/tested-checkpoint.ts';
import { savePredictions } from '../folder/predictions.ts';
import type { RunResults } from '../folder/results.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { countRowParameters } from '../loop/count-parameters.ts';
import { betterOf } from '../loop/figures.ts';
import type { TrainOutcome } from '../loop/train.ts';
import { writeResults } from '../loop/write-results.ts';
import { fewUsersOf } from '../verdict/bootstrap.ts';
import { calibrationOf, fitCalibrators } from './calibrate.ts';
import { type EvaluatedRows, evaluateRowBaselines } from './evaluate-baselines.ts';
import { evaluateRows, type RowsContext, usersOf } from './evaluate-rows.ts';
import { limitsOf } from './limits.ts';
import { metricsOf, selectedMetric } from './ranking-of.ts';
import { groupIntervalsOf, intervalsOf, judgeRows } from './row-verdict.ts';
import { rowSegmentations, segmentTables } from './segments.ts';

/**
 * What remains when training has ended: the chosen checkpoint on the test set, its predictions, calibration, segments
 * and the baselines. The checkpoint is chosen as in a run of retrieval.
 */
export async function finishRankingRun(
  run: RunDir,
  { name, config, data }: { readonly name: string; readonly config: RankingRunConfig; readonly data: PreparedRows },
  outcome: TrainOutcome<Ranker, RankingEvaluation>,
  context: RowsContext,
): Promise<RunResults> {
  const { model } = outcome.trainer;
  const { split } = data;
  const { evaluation: options } = config;
  const chosen = testedCheckpoint(options, split.validation !== undefined);
  await loadWeights(run[chosen], model);
  const test = await evaluateRows(model, split.test, context);
  const validation = split.validation && (await evaluateRows(model, split.validation, context));
  const epoch = (chosen === 'best' ? outcome.state.best?.epoch : undefined) ?? outcome.state.evaluatedEpochs;
  const [first] = test.labels;
  const predicted = test.value === undefined ? test.labels : [...test.labels, test.value];
  await savePredictions(run.predictions, predicted, split.test, { checkpoint: chosen, definition: test.definition });
  const beside = (validation === undefined ? [] : [[split.validation, validation] as const])
    .concat([[split.test, test]])
    .flatMap(([set, figures]) =>
      set === undefined ? [] : evaluateRowBaselines(options.baselines, split.train, set, figures),
    );
  const onTest = beside.filter((each) => each.split === 'test');
  const selectBy = selectedMetric(config, context.task);
  const users = usersOf(first, split.test);
  const calibrated = first.as === 'binary' ? validation?.labels[0].rows : undefined;
  const { limits, sentences } = limitsOf(split);
  const results: RunResults = {
    status: 'finished',
    definitions: [
      ...test.definition,
      ...onTest.map(({ definition }) => definition),
      ...sentences,
      ...(first.rows instanceof ClickRows
        ? [...fewUsersOf(users), ...groupIntervalsOf({ rows: first.rows, users })]
        : []),
    ],
    baselines: beside.map((each) => ({
      name: each.name,
      split: each.split,
      metrics: each.metrics,
      ...withIntervals(each),
    })),
    ...(limits && { limits }),
    parameters: countRowParameters(model),
    ...(first.rows instanceof ClickRows
      ? {
          verdict: judgeRows({ rows: first.rows, metrics: test.metrics, users }, onTest.filter(ofClicks), {
            split: 'test',
            selectBy,
          }),
        }
      : {}),
    final: {
      name,
      split: 'test',
      metrics: test.metrics,
      ...withIntervals({ rows: first.rows, metrics: test.metrics, users }),
      ...warningsIn({
        warnings: [
          ...test.warnings,
          ...(first.rows instanceof ClickRows ? [] : lost(test, onTest, selectBy, metricsOf(context.task))),
        ],
      }),
      checkpoint: chosen,
      epoch,
    },
    samples: [],
    ...(calibrated instanceof ClickRows && {
      calibration: calibrationOf(first.rows, 'test', fitCalibrators(calibrated)),
    }),
    segments: segmentTables(
      rowSegmentations(options, { train: split.train, set: split.test, task: context.task }),
      first,
      split.test,
    ),
  };
  writeResults(run, results, outcome.trainer.progress.globalStep);
  return results;
}

function ofClicks(each: EvaluatedRows): each is EvaluatedRows<ClickRows> {
  return each.rows instanceof ClickRows;
}

function withIntervals({ rows, metrics, users }: Pick<EvaluatedRows, 'rows' | 'metrics' | 'users'>) {
  return rows instanceof ClickRows ? { intervals: intervalsOf({ rows, metrics, users }) } : {};
}

/** Baselines that a model of numbers, of which there is no verdict, does not beat. */
function lost(
  { metrics }: RankingEvaluation,
  baselines: readonly EvaluatedRows[],
  metric: string,
  known: readonly TaskMetric[],
): string[] {
  const sign = betterOf(metric, known) === 'smaller' ? -1 : 1;
  return baselines
    .filter((each) => sign * each.metrics[metric] >= sign * metrics[metric])
    .map(
      (each) =>
        `${metric} ${metrics[metric].toFixed(4)} is no better than ${each.metrics[metric].toFixed(4)} of ${each.name}`,
    );
}
