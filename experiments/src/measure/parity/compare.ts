import { readFileSync } from 'node:fs';
import { checkGolden, type GoldenMaxima, type GoldenReport } from '@seqrec/models';
import { ParityError } from '../../errors.ts';
import { renderTable } from '../../terminal/table.ts';

/** A file that was compared. */
export interface Comparison {
  readonly file: string;
  readonly report: GoldenReport;
  readonly within: boolean;
}

/** A file of a kind that nothing here can be compared with yet. */
export interface NotCompared {
  readonly file: string;
  readonly name: string;
  readonly notYet: string;
}

/** Rebuilds what one golden file describes on the active backend and compares it. */
export async function compareFile(file: string): Promise<Comparison | NotCompared> {
  const json = readJsonFile(file);
  try {
    const checked = await checkGolden(json);
    return 'notYet' in checked ? { file, ...checked } : { file, report: checked, within: isWithin(checked) };
  } catch (error) {
    throw new ParityError(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Within means below: an error that is not a number is not. */
export function isWithin({ maxima, tolerance }: GoldenReport): boolean {
  return (
    maxima.outputs <= tolerance.outputs && maxima.loss <= tolerance.loss && maxima.gradients <= tolerance.gradients
  );
}

/** Whether at least one file was compared and none is out of tolerance. */
export function allPass(comparisons: readonly (Comparison | NotCompared)[]): boolean {
  const compared = comparisons.filter((each) => 'report' in each);
  return compared.length > 0 && compared.every(({ within }) => within);
}

/** One row a file, with the worst of each group and what is allowed; with `verbose` every tensor below it. */
export function renderComparisons(comparisons: readonly (Comparison | NotCompared)[], verbose: boolean): string {
  const rows = comparisons.flatMap((each) => ('report' in each ? rowsOf(each, verbose) : [notYetRow(each)]));
  const table = renderTable(
    [
      { title: 'file' },
      { title: 'outputs', align: 'right' },
      { title: 'loss', align: 'right' },
      { title: 'gradient', align: 'right' },
      { title: 'allowed' },
      { title: verbose ? 'of' : 'worst of' },
      { title: '' },
    ],
    rows,
  );
  const compared = comparisons.filter((each) => 'report' in each);
  const failed = compared.filter(({ within }) => !within).length;
  const waiting = comparisons.length - compared.length;
  const verdict =
    failed === 0 ? `${compared.length} of ${compared.length} pass` : `${failed} of ${compared.length} FAIL`;
  const toCome = waiting === 0 ? '' : `; ${waiting} not compared yet`;
  return `${table}\n\n${verdict}${toCome}; errors are relative to each tensor's largest magnitude, allowed: outputs, loss, gradients`;
}

function rowsOf({ report, within }: Comparison, verbose: boolean): string[][] {
  const outputs = worstFirst(report.outputs);
  const gradients = worstFirst(report.gradients);
  const worst = gradients[0] ?? outputs[0] ?? ['-'];
  const verdict = within ? 'pass' : 'FAIL';
  const errors = [shown(outputs[0]?.[1]), shown(report.loss), shown(gradients[0]?.[1])];
  const summary = [report.name, ...errors, allowed(report.tolerance), worst[0], verdict];
  if (!verbose) return [summary];
  const ofOutputs = outputs.map(([name, error]) => ['', shown(error), '', '', '', name, '']);
  return [summary, ...ofOutputs, ...gradients.map(([name, error]) => ['', '', '', shown(error), '', name, ''])];
}

function worstFirst(errors: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(errors).sort(([, a], [, b]) => b - a);
}

function notYetRow({ name, notYet }: NotCompared): string[] {
  return [name, '-', '-', '-', '-', notYet, 'not yet'];
}

function allowed({ outputs, loss, gradients }: GoldenMaxima): string {
  return [outputs, loss, gradients].map((each) => each.toExponential(0)).join(' ');
}

function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ParityError(`${file}: expected a golden file in JSON; ${error instanceof Error ? error.message : error}`);
  }
}

/** `-` for what a file does not have. */
function shown(error: number | undefined): string {
  return error === undefined ? '-' : error.toExponential(1);
}
