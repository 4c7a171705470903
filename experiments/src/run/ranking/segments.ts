import type { ExampleSet } from '@seqrec/data';
import { isJudgedBy, metricsBySegment, ORDER_CUTOFFS, type RankedLabel } from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { FEWEST_ROWS, type Segmentation, segmentations, segmentTable } from '../evaluation/segmentations.ts';
import type { SegmentTable } from '../folder/results.ts';
import type { ResolvedRanking } from './ranking-of.ts';

/** The metrics that tables of segments show, those that there are. */
export const SEGMENT_METRICS = ['NDCG@10', 'AUC', 'GAUC', 'logloss', 'NE', 'calibration', 'RMSE', 'MAE', 'RAUC'];

/**
 * What the configuration tells the rows of a set apart by; positive ones are those of the label that the segments have
 * metrics of.
 *
 * @throws ConfigError as {@link segmentations}
 */
export function rowSegmentations(
  { segments }: Pick<RankingRunConfig['evaluation'], 'segments'>,
  { train, set, task }: { readonly train: ExampleSet; readonly set: ExampleSet } & Pick<ResolvedRanking, 'task'>,
): readonly Segmentation[] {
  return segmentations(segments, { train, set, counted: 'rows', label: task.judged[0].column });
}

/** Metrics of the parts of a set, by each of the columns; parts in the order of their names. */
export function segmentTables(
  columns: readonly Segmentation[],
  { as, rows, examples }: RankedLabel,
  { users, targets }: ExampleSet,
): SegmentTable[] {
  const options = as === 'order' ? { ks: ORDER_CUTOFFS } : {};
  return columns.map(({ column, partOf }) => {
    const parts = metricsBySegment(rows, (row) => partOf(users[examples[row]], targets[examples[row]]), options)
      .filter((part) => part.rows >= FEWEST_ROWS)
      .map(({ segment, rows: size, metrics }) => ({
        segment,
        rows: size,
        metrics: Object.fromEntries(Object.entries(metrics).filter(([metric]) => isJudgedBy(as, metric))),
      }));
    return segmentTable({ column, of: 'rows' }, parts, rows.labels.length);
  });
}
