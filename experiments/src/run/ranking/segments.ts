import type { ExampleSet } from '@seqrec/data';
import { metricsBySegment, type RankedLabel } from '@seqrec/models';
import { FEWEST_ROWS, type Segmentation, sortedParts } from '../evaluation/segmentations.ts';
import type { SegmentTable } from '../folder/results.ts';

/** The metrics that tables of segments show, those that there are. */
export const SEGMENT_METRICS = ['AUC', 'GAUC', 'logloss', 'NE', 'calibration', 'RMSE', 'MAE', 'RAUC'];

/** Metrics of the parts of a set, by each of the columns; parts in the order of their names. */
export function segmentTables(
  columns: readonly Segmentation[],
  { rows, examples }: RankedLabel,
  { users, targets }: ExampleSet,
): SegmentTable[] {
  return columns.map(({ column, partOf }) => {
    const parts = metricsBySegment(rows, (row) => partOf(users[examples[row]], targets[examples[row]]))
      .filter((part) => part.rows >= FEWEST_ROWS)
      .map(({ segment, rows: size, metrics }) => ({ segment, rows: size, metrics }));
    return { column, parts: sortedParts(parts) };
  });
}
