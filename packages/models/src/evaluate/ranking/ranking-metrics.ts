import { areaUnderCurve } from './area.ts';
import { accuracy, type BinOptions, calibrationRatio, expectedCalibrationError } from './calibration.ts';
import { type Calibrator, recalibrate } from './calibrator.ts';
import { type GroupedGainOptions, groupedGain } from './group-order.ts';
import { type GroupedAreaOptions, groupedArea } from './grouped-area.ts';
import { logLoss, normalizedEntropy } from './log-loss.ts';
import { Measured, type RowMetrics } from './measured.ts';
import { pairAgreement, regressionArea } from './pair-order.ts';
import { recalibratedEntropy } from './recalibration.ts';
import { meanAbsoluteError, meanSquaredError, rootMeanSquaredError } from './regression.ts';
import {
  type ClickInput,
  type ClickOptions,
  ClickRows,
  clickRows,
  ScoredRows,
  type ValueInput,
  valueRows,
} from './rows.ts';

export interface RankingMetricsOptions
  extends ClickOptions,
    BinOptions,
    Omit<GroupedAreaOptions, 'ties'>,
    GroupedGainOptions {
  /** Share of positives that NE is to be better than, for example of the training rows. Default: of the rows. */
  readonly baseRate?: number;
  /** `c` of the recalibrated NE. Default: fitted on the rows. */
  readonly coefficient?: number;
  /** Cut-offs of NDCG where rows have groups. Default: none. */
  readonly ks?: readonly number[];
  /** Fitted on rows of validation; log loss, NE, calibration and ECE are repeated for each. */
  readonly calibrators?: readonly Calibrator[];
}

/**
 * All metrics of rows.
 *
 * Rows of two classes, given as `logits` or `probabilities`: `AUC`, `GAUC` (with groups), `logloss`, `NE`,
 * `NE recalibrated`, `calibration`, `ECE`, `accuracy`, `NDCG@k`; for each calibrator `logloss|kind` and so on. Rows of
 * real labels, given as `predictions`: `MSE`, `RMSE`, `MAE`, `RAUC`, `XAUC`, `NDCG@k`.
 *
 * A metric without a value for these rows is in `undefinedMetrics` with the reason; none is ever NaN or infinite.
 *
 * @throws ShapeError for columns of another length; EvaluationError for no rows, numbers out of range, or options out
 *   of theirs.
 */
export function rankingMetrics(
  input: ClickInput | ValueInput | ScoredRows,
  options: RankingMetricsOptions = {},
): RowMetrics {
  const rows = rowsOf(input, options);
  const measured = new Measured();
  const ofGroups = rows.groups === undefined ? '' : ` of ${rows.groups.count} groups`;
  const ofWeights = rows.weighted ? `, weighted by ${Number(rows.totalWeight.toPrecision(12))} in all` : '';
  if (rows instanceof ClickRows) {
    measured.definition.push(
      `Rows: ${rows.size}${ofGroups}${ofWeights}; ${percent(rows.baseRate)} positive. ${clipInWords(rows)}`,
    );
    measureClicks(measured, rows, options);
  } else {
    measured.definition.push(`Rows: ${rows.size}${ofGroups}${ofWeights}; labels are numbers.`);
    measureValues(measured, rows);
  }
  for (const k of rows.groups === undefined ? [] : (options.ks ?? [])) measureGain(measured, rows, k, options);
  const { metrics, undefinedMetrics, definition } = measured;
  return { metrics, undefinedMetrics, definition, rows: rows.size, groups: rows.groups?.count };
}

function rowsOf(input: ClickInput | ValueInput | ScoredRows, options: RankingMetricsOptions): ScoredRows {
  if (input instanceof ScoredRows) return input;
  return 'predictions' in input ? valueRows(input) : clickRows(input, options);
}

function measureClicks(measured: Measured, rows: ClickRows, options: RankingMetricsOptions): void {
  measured.add(
    'AUC',
    () => areaUnderCurve(rows),
    'probability that a positive row has a higher score than a negative one of any group, ties half',
  );
  if (rows.groups !== undefined) measureGroups(measured, rows, options);
  measureLosses(measured, rows, options, '');
  measured.add(
    'NE recalibrated',
    () => {
      const { value, coefficient } = recalibratedEntropy(rows, options);
      return { value, words: `c = ${coefficient.toPrecision(6)}` };
    },
    `NE of p / (p + (1 - p) / c), ${options.coefficient === undefined ? 'c fitted on these rows so that the mean prediction is the share of positives' : 'c given'}`,
  );
  measureCalibration(measured, rows, options, '');
  measured.add('accuracy', () => accuracy(rows), 'share of rows whose label is that of p >= 0.5');
  for (const calibrator of options.calibrators ?? []) {
    const calibrated = recalibrate(rows, calibrator);
    const suffix = `|${calibrator.kind}`;
    measured.definition.push(`Names with ${suffix}: the same of ${calibrator.definition}.`);
    measureLosses(measured, calibrated, options, suffix);
    measureCalibration(measured, calibrated, options, suffix);
  }
}

const GROUP_WEIGHT_IN_WORDS = {
  rows: 'each by its rows',
  clicks: 'each by its positives',
  one: 'each counting once',
} as const;

function measureGroups(measured: Measured, rows: ClickRows, options: RankingMetricsOptions): void {
  const { groupWeight = 'rows', oneClass = 'left-out', oneScore = 'half' } = options;
  const verb = (rule: 'left-out' | 'half'): string => (rule === 'half' ? 'count as a half' : 'are left out');
  measured.add(
    'GAUC',
    () => {
      const found = groupedArea(rows, options);
      return {
        value: found.value,
        words: `${found.oneClass} of ${found.groups} groups have labels of one class and ${verb(oneClass)}, ${found.oneScore} have one score and ${verb(oneScore)}`,
      };
    },
    `mean of the AUC of groups, ${GROUP_WEIGHT_IN_WORDS[groupWeight]}`,
  );
}

function measureLosses(measured: Measured, rows: ClickRows, options: RankingMetricsOptions, suffix: string): void {
  measured.add(`logloss${suffix}`, () => logLoss(rows), 'mean of -y ln p - (1 - y) ln(1 - p), in nats');
  measured.add(
    `NE${suffix}`,
    () => normalizedEntropy(rows, options),
    options.baseRate === undefined
      ? 'logloss over the entropy of the share of positives of these rows'
      : `logloss over that of always answering ${options.baseRate}, the base rate given`,
  );
}

const BINNING_IN_WORDS = {
  'equal-mass': 'bins of equal mass in order of prediction, equal predictions divided in proportion',
  'equal-rows': 'bins of whole rows in order of prediction, the first ones one longer, equal predictions as they came',
  'equal-width': 'bins of equal width',
} as const;

function measureCalibration(measured: Measured, rows: ClickRows, options: RankingMetricsOptions, suffix: string): void {
  const { bins = 20, binning = 'equal-mass' } = options;
  measured.add(`calibration${suffix}`, () => calibrationRatio(rows), 'sum of predictions over sum of labels');
  measured.add(
    `ECE${suffix}`,
    () => expectedCalibrationError(rows, { bins, binning }),
    `mean |mean prediction - mean label| of ${bins} ${BINNING_IN_WORDS[binning]}`,
  );
}

function measureValues(measured: Measured, rows: ScoredRows): void {
  measured.add('MSE', () => meanSquaredError(rows), 'mean of (prediction - label)^2');
  measured.add('RMSE', () => rootMeanSquaredError(rows), 'root of MSE');
  measured.add('MAE', () => meanAbsoluteError(rows), 'mean of |prediction - label|');
  measured.add(
    'RAUC',
    () => regressionArea(rows),
    'share of the pairs of different labels that the predictions put in the same order, ties half',
  );
  measured.add(
    'XAUC',
    () => pairAgreement(rows),
    'share of all pairs in which predictions and labels compare alike; a pair equal in one of them alone is wrong',
  );
}

function measureGain(measured: Measured, rows: ScoredRows, k: number, options: RankingMetricsOptions): void {
  const { noneRelevant = 'left-out', gain = 'exponential' } = options;
  measured.add(
    `NDCG@${k}`,
    () => {
      const found = groupedGain(rows, k, options);
      return {
        value: found.value,
        words: `${found.noneRelevant} of ${found.groups} groups have no label above 0 and ${noneRelevant === 'zero' ? 'count as 0' : 'are left out'}`,
      };
    },
    `mean over groups of sum (${gain === 'linear' ? 'y' : '2^y - 1'}) / log2(place + 1) over the first ${k} places, divided by that of the best order; ties take the mean over their orders, weights have no part`,
  );
}

function clipInWords({ clip }: ClickRows): string {
  return clip === 0 ? 'Losses are not clipped.' : `Probabilities are held ${clip} from 0 and 1 in losses.`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
