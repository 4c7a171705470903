import type { SegmentTable } from '../../run/folder/results.ts';

/** Metrics of the parts of a test set by their names in a table: `AUC, gender F`, `HR@10, days 1-7`. */
export function partMetrics(segments: readonly SegmentTable[] = []): Readonly<Record<string, number>> {
  return Object.fromEntries(
    segments.flatMap(({ column, parts }) =>
      parts.flatMap(({ segment, metrics }) =>
        Object.entries(metrics).map(([name, value]) => [`${name}, ${column} ${segment}`, value] as const),
      ),
    ),
  );
}
