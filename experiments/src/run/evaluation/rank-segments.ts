import type { ExampleSet } from '@seqrec/data';
import { type Evaluation, metricsUnder } from '@seqrec/models';
import type { SegmentTable } from '../folder/results.ts';
import type { EvaluationContext } from './evaluate-set.ts';
import { FEWEST_ROWS, type Segmentation, segmentations, sortedParts } from './segmentations.ts';

/** What the configuration tells the queries of a set apart by. @throws ConfigError as {@link segmentations} */
export function queryParts(set: ExampleSet, { data, options }: EvaluationContext): readonly Segmentation[] {
  return segmentations(options.segments ?? [], { train: data.split.train, set, counted: 'events' });
}

/** What the parts are made of. */
type Queries = Pick<Evaluation, 'ranks' | 'tied' | 'ties' | 'users' | 'targets'>;

/** Metrics of the parts of the queries of an evaluation; parts in the order of their names. */
export function rankSegments(
  columns: readonly Segmentation[],
  { ranks, tied, ties, users, targets }: Queries,
  ks: readonly number[],
): SegmentTable[] {
  return columns.map(({ column, partOf }) => {
    const queries = Map.groupBy(ranks.keys(), (q) => partOf(users[q], targets[q]));
    const parts = [...queries].flatMap(([segment, own]) => {
      if (segment === undefined || own.length < FEWEST_ROWS) return [];
      const at = (values: ArrayLike<number>): number[] => own.map((q) => values[q]);
      return [{ segment, rows: own.length, metrics: metricsUnder({ ranks: at(ranks), tied: at(tied), ties }, ks) }];
    });
    return { column, parts: sortedParts(parts) };
  });
}
