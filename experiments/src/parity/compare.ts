import { readFileSync } from 'node:fs';
import { type GoldenReport, parseGolden, runGolden } from '@seqrec/models';
import { ParityError } from '../errors.ts';
import { renderTable } from '../terminal/table.ts';

/** Largest error allowed, relative to the largest magnitude of the expected tensor. */
export const tolerance = { outputs: 1e-5, loss: 1e-5, gradients: 1e-4 } as const;

export interface Comparison {
  readonly file: string;
  readonly report: GoldenReport;
  readonly within: boolean;
}

/** Rebuilds the model of one golden file on the active backend and compares it. */
export async function compareFile(file: string): Promise<Comparison> {
  const report = await runGolden(readGolden(file));
  return { file, report, within: isWithin(report) };
}

/** Within means below: an error that is not a number is not. */
export function isWithin({ maxima }: GoldenReport): boolean {
  return (
    maxima.outputs <= tolerance.outputs && maxima.loss <= tolerance.loss && maxima.gradients <= tolerance.gradients
  );
}

/** One row a file, with the worst gradient; with `verbose` every gradient below it. */
export function renderComparisons(comparisons: readonly Comparison[], verbose: boolean): string {
  const rows = comparisons.flatMap(({ report, within }) => {
    const gradients = Object.entries(report.gradients).sort(([, a], [, b]) => b - a);
    const worst = gradients[0] ?? ['-', Number.NaN];
    const summary = [
      report.name,
      shown(report.outputs),
      shown(report.loss),
      shown(worst[1]),
      worst[0],
      within ? 'pass' : 'FAIL',
    ];
    const details = verbose ? gradients.map(([name, error]) => ['', '', '', shown(error), name, '']) : [];
    return [summary, ...details];
  });
  const table = renderTable(
    [
      { title: 'file' },
      { title: 'outputs', align: 'right' },
      { title: 'loss', align: 'right' },
      { title: 'gradient', align: 'right' },
      { title: verbose ? 'of parameter' : 'worst parameter' },
      { title: '' },
    ],
    rows,
  );
  const failed = comparisons.filter((comparison) => !comparison.within).length;
  const verdict =
    failed === 0 ? `${comparisons.length} of ${comparisons.length} pass` : `${failed} of ${comparisons.length} FAIL`;
  return `${table}\n\n${verdict}; tolerance: outputs ${tolerance.outputs}, loss ${tolerance.loss}, gradients ${tolerance.gradients}, relative to each tensor's largest magnitude`;
}

function readGolden(file: string): ReturnType<typeof parseGolden> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ParityError(`${file}: expected a golden file in JSON; ${error instanceof Error ? error.message : error}`);
  }
  try {
    return parseGolden(json);
  } catch (error) {
    throw new ParityError(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function shown(error: number): string {
  return Number.isNaN(error) ? '-' : error.toExponential(1);
}
