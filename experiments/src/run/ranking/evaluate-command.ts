import type { ExampleSet } from '@seqrec/data';
import { ClickRows } from '@seqrec/models';
import { type RowBaselineName, rowBaselineNames } from '../../config/row-baseline-names.ts';
import { UsageError } from '../../errors.ts';
import { formatMetric } from '../../terminal/format.ts';
import { figures as figuresOf, renderListing } from '../../terminal/listing.ts';
import { printWarnings } from '../../terminal/print-warnings.ts';
import type { Progress } from '../../terminal/progress.ts';
import { renderDefinition, renderTable } from '../../terminal/table.ts';
import { segmentListings } from '../evaluation/segment-listing.ts';
import { chosenByItself } from '../evaluation/tested-checkpoint.ts';
import type { Calibration, ScoredModel, SegmentTable } from '../folder/results.ts';
import { fewUsersOf } from '../verdict/bootstrap.ts';
import type { BaselineVerdict } from '../verdict/verdict.ts';
import { renderVerdict } from '../verdict/verdict-text.ts';
import { calibrationOf, fitCalibrators } from './calibrate.ts';
import { type EvaluatedRows, evaluateRowBaselines } from './evaluate-baselines.ts';
import { evaluateRows, usersOf } from './evaluate-rows.ts';
import { limitsOf, type RunLimits, renderLimits } from './limits.ts';
import type { OpenRanking } from './open-ranking.ts';
import { selectedMetric } from './ranking-of.ts';
import { renderCalibration } from './render-calibration.ts';
import { groupIntervalsOf, intervalsOf, judgeRows } from './row-verdict.ts';
import { rowSegmentations, segmentTables } from './segments.ts';

export interface EvaluateRankingOptions {
  readonly name: string;
  readonly part: 'validation' | 'test';
  /** The run and its checkpoint, where it is one. */
  readonly run?: { readonly id: string; readonly checkpoint: 'best' | 'last' };
  readonly baselines?: readonly RowBaselineName[];
  readonly json: boolean;
  readonly progress: Progress;
}

/** What `seqrec evaluate` says of a model of rows. */
export interface RankingFigures {
  readonly metrics: Readonly<Record<string, number>>;
  readonly intervals?: Readonly<Record<string, readonly [number, number]>>;
  readonly warnings: readonly string[];
  readonly baselines: readonly Pick<EvaluatedRows, 'name' | 'metrics'>[];
  readonly verdict?: readonly BaselineVerdict[];
  /** Recalibrated on the validation set; absent for that set itself. */
  readonly calibration?: Calibration;
  readonly segments: readonly SegmentTable[];
  /** Of the test set, where the law of the data is known. */
  readonly limits?: readonly ScoredModel[];
  readonly definition: readonly string[];
}

/** `seqrec evaluate` of a model of rows: metrics, intervals, baselines, calibration, segments. */
export async function evaluateRankingCommand(opened: OpenRanking, options: EvaluateRankingOptions): Promise<number> {
  const { run, part, json, name } = options;
  const found = await rankingFigures(opened, options);
  const chosenBy = run ? chosenByItself(run.checkpoint, part, opened.data.split) : [];
  const figures = { ...found, warnings: [...found.warnings, ...chosenBy] };
  if (json)
    console.log(
      JSON.stringify({ ...(run && { run: run.id, checkpoint: run.checkpoint }), split: part, ...figures }, null, 2),
    );
  else print(`${opened.about}, ${part} set`, name, figures);
  return 0;
}

async function rankingFigures(
  { config, data, ranking, model, notes = [] }: OpenRanking,
  { part, baselines = config.evaluation.baselines, progress }: EvaluateRankingOptions,
): Promise<RankingFigures> {
  const { split } = data;
  const context = { task: ranking.task, batchSize: config.evaluation.batchSize, progress };
  const set = setOf(split, part);
  const figures = await evaluateRows(model, set, context);
  const [first] = figures.labels;
  const { rows } = first;
  const beside = evaluateRowBaselines(baselines, split.train, set, figures);
  const segments = segmentTables(
    rowSegmentations(config.evaluation, { train: split.train, set, task: ranking.task }),
    first,
    set,
  );
  const { limits, sentences }: RunLimits = part === 'test' ? limitsOf(split) : { sentences: [] };
  const shared = {
    metrics: figures.metrics,
    warnings: [...notes, ...figures.warnings],
    baselines: beside.map(({ name, metrics }) => ({ name, metrics })),
    segments,
    ...(limits && { limits }),
    definition: [...figures.definition, ...beside.map(({ definition }) => definition), ...sentences],
  };
  if (!(rows instanceof ClickRows)) return shared;
  const ofClicks = beside.filter((each): each is EvaluatedRows<ClickRows> => each.rows instanceof ClickRows);
  const judged = { split: part, selectBy: selectedMetric(config, ranking.task) };
  // On the rows that they were fitted on calibrators look better than they are.
  const fittedOn = part === 'test' && first.as === 'binary' ? split.validation : undefined;
  const calibrated = fittedOn && (await evaluateRows(model, fittedOn, context)).labels[0].rows;
  const ours = { rows, metrics: figures.metrics, users: usersOf(first, set) };
  return {
    ...shared,
    definition: [...shared.definition, ...fewUsersOf(ours.users), ...groupIntervalsOf(ours)],
    intervals: intervalsOf(ours),
    verdict: judgeRows(ours, ofClicks, judged),
    ...(calibrated instanceof ClickRows && { calibration: calibrationOf(rows, part, fitCalibrators(calibrated)) }),
  };
}

function setOf(split: OpenRanking['data']['split'], part: 'validation' | 'test'): ExampleSet {
  const set = split[part];
  if (set !== undefined) return set;
  throw new UsageError(
    `--split: expected a part of the split ${split.protocol}, which has train and test; got ${part}`,
  );
}

function print(title: string, name: string, figures: RankingFigures): void {
  const { metrics, intervals = {}, warnings, baselines, verdict, calibration, segments, definition } = figures;
  console.log(`${title}\n`);
  const right = (text: string) => ({ title: text, align: 'right' as const });
  const rows = Object.entries(metrics).map(([metric, value]) => {
    const interval = intervals[metric];
    const spread = interval === undefined ? '' : `${formatMetric(interval[0])} to ${formatMetric(interval[1])}`;
    return [metric, formatMetric(value), spread, ...baselines.map((each) => formatMetric(each.metrics[metric]))];
  });
  const columns = [
    { title: 'metric' },
    right('value'),
    right('95 % over users'),
    ...baselines.map((each) => right(each.name)),
  ];
  console.log(renderTable(columns, rows));
  const reachable = renderLimits(figures.limits);
  if (reachable) console.log(`\n${reachable}`);
  printWarnings(warnings);
  if (verdict) console.log(`\n${renderVerdict(name, verdict)}`);
  if (calibration) console.log(`\n${renderCalibration(calibration)}`);
  for (const { titles, rows, note } of segmentListings({ segments, baselines: [] })) {
    if (rows.length > 0) console.log(`\n${renderListing([figuresOf(titles, rows)])}`);
    if (note !== undefined) console.log(`\n${note}`);
  }
  console.log(`\n${renderDefinition(definition)}`);
}

/** Names with commas; `none` is an empty list. */
export function rowBaselinesOption(text: string | undefined): readonly RowBaselineName[] | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const found = rowBaselineNames.find((each) => each === name);
    if (found !== undefined) return found;
    throw new UsageError(`--baselines: expected of ${rowBaselineNames.join(', ')} for a model of rows; got "${name}"`);
  });
}
