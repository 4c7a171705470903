import { formatCount, formatMetric } from '../../terminal/format.ts';
import type { RunResults, SegmentTable } from '../folder/results.ts';
import { SEGMENT_METRICS } from '../ranking/segments.ts';
import { FEWEST_ROWS } from './segmentations.ts';

/** A table of parts as it is shown; the first column is text, the others are numbers. */
export interface SegmentListing {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What is in no part, in a sentence. */
  readonly note?: string;
}

type Segmented = Pick<RunResults, 'segments' | 'baselines'>;

/**
 * The parts of a test set: of rows with the metrics that there are, of queries with HR and NDCG at the first cut-off,
 * of the model and of each baseline that has them.
 */
export function segmentListings({ segments = [], baselines }: Segmented): SegmentListing[] {
  const beside = baselines.flatMap(({ name, segments: own }) => (own === undefined ? [] : [{ name, tables: own }]));
  return segments.map((table, t) => {
    const { column, parts, leftOut = 0 } = table;
    const of = table.of ?? (parts.some(({ metrics }) => metrics.MRR !== undefined) ? 'queries' : 'rows');
    const shown = of === 'queries' ? Object.keys(parts[0]?.metrics ?? {}).slice(0, 2) : shownOfRows(table);
    const ofBaseline = (b: number, segment: string) =>
      beside[b].tables[t].parts.find((part) => part.segment === segment)?.metrics;
    return {
      titles: [...[column, of, ...shown], ...beside.flatMap(({ name }) => shown.map((metric) => `${metric}, ${name}`))],
      rows: parts.map(({ segment, rows, metrics }) => [
        ...[segment, formatCount(rows), ...shown.map((metric) => formatMetric(metrics[metric]))],
        ...beside.flatMap((_, b) => shown.map((metric) => formatMetric(ofBaseline(b, segment)?.[metric]))),
      ]),
      ...(leftOut > 0 && {
        note: `${column}: ${formatCount(leftOut)} ${of} are left out, in parts of fewer than ${FEWEST_ROWS} or without a value`,
      }),
    };
  });
}

function shownOfRows({ parts }: SegmentTable): string[] {
  return SEGMENT_METRICS.filter((metric) => parts.some(({ metrics }) => metrics[metric] !== undefined));
}
