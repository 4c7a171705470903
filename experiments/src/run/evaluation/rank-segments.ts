import type { ExampleSet } from '@seqrec/data';
import { type Evaluation, everyPosition, metricsUnder, type Protocol } from '@seqrec/models';
import type { SegmentTable } from '../folder/results.ts';
import { type EvaluationContext, protocolOf } from './evaluate-set.ts';
import { FEWEST_ROWS, type Segmentation, segmentations, segmentTable } from './segmentations.ts';

/** What the configuration tells the queries of a set apart by. @throws ConfigError as {@link segmentations} */
export function queryParts(set: ExampleSet, context: EvaluationContext): readonly Segmentation[] {
  const { data, options } = context;
  if (options.segments === undefined) return [];
  const queries = queriesOf(protocolOf(set, context));
  return segmentations(options.segments, { train: data.split.train, set, queries, counted: 'events' });
}

/** The events that are asked for: the targets, or with all positions what has an event before it and is not used. */
function queriesOf({ examples, positions, usedEvents }: Protocol): Int32Array {
  if (positions !== 'all') return examples.targets;
  return everyPosition(examples, (event) => usedEvents?.[event] === 1).set.targets;
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
    return segmentTable({ column, of: 'queries' }, parts, ranks.length);
  });
}
