import type { Calibration, SegmentTable } from '../../run/folder/results.ts';

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

/** Metrics after each calibrator, which the validation set has fitted: `ECE, isotonic`. */
export function recalibratedMetrics(calibration: Calibration | undefined): Readonly<Record<string, number>> {
  const fitted = calibration?.variants.filter(({ name }) => name !== 'model') ?? [];
  return Object.fromEntries(
    fitted.flatMap(({ name, metrics }) =>
      Object.entries(metrics).map(([metric, value]) => [`${metric}, ${name}`, value] as const),
    ),
  );
}
