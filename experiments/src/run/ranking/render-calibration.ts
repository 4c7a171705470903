import { formatMetric } from '../../terminal/format.ts';
import { renderSentences, renderTable } from '../../terminal/table.ts';
import type { Calibration } from '../folder/results.ts';

/** The predictions as they are and recalibrated, as a table with what was fitted below it. */
export function renderCalibration({ split, variants, definitions }: Calibration): string {
  const metrics = [...new Set(variants.flatMap((variant) => Object.keys(variant.metrics)))];
  const columns = [{ title: `calibration, ${split}` }, ...metrics.map((title) => ({ title, align: 'right' as const }))];
  const rows = variants.map((variant) => [
    variant.name,
    ...metrics.map((metric) => formatMetric(variant.metrics[metric])),
  ]);
  return [renderTable(columns, rows), ...(definitions.length > 0 ? [renderSentences(definitions)] : [])].join('\n');
}
