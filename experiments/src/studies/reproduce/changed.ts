import type { Override } from '../../arguments.ts';
import type { PaperTable } from './table.ts';

/** Settings of `evaluation` that say what is asked; the others say how it is computed. */
const questions = ['positions', 'excludeSeen', 'queryTime', 'ties'].map((key) => `evaluation.${key}`);

/** Whether a setting says what the data are. */
export const isOfData = ({ key }: Override): boolean => key.startsWith('data.');

/** Whether other data or another question is behind the figures than behind the published ones. */
export function isOtherExperiment(overrides: readonly Override[]): boolean {
  return overrides.some((override) => isOfData(override) || questions.includes(override.key));
}

/**
 * The table as it may judge its figures: without a tolerance where data or question are not the published ones. The
 * size that is run by default is that of the published figures, where there are some.
 */
export function judgedTable(
  table: PaperTable,
  { size, overrides }: { readonly size?: string; readonly overrides: readonly Override[] },
): PaperTable {
  const ofSize = size === undefined || size === table.defaultSize ? [] : (table.sizes?.[size] ?? []);
  return isOtherExperiment([...ofSize, ...overrides]) ? { ...table, tolerance: undefined } : table;
}

/** What to say of what was changed on the command line. */
export function changedRemarks(overrides: readonly Override[]): string[] {
  if (overrides.length === 0) return [];
  const changed = overrides.map(({ key, text }) => `${key} ${text}`).join(', ');
  const other = isOtherExperiment(overrides) ? OTHER : '';
  return [`Changed: ${changed}.${other}`];
}

/** What remarks say of data, question and size: rows that differ in it are of different experiments. */
export function experimentIn(remarks: readonly string[]): string[] {
  return remarks.flatMap((remark) => {
    if (remark.startsWith('Size: ')) return [remark];
    if (!remark.startsWith('Changed: ') || !remark.endsWith(OTHER)) return [];
    const changes = remark.slice('Changed: '.length, -OTHER.length - 1).split(/, (?=\w+(?:\.\w+)+ )/);
    return changes.filter((change) => isOtherExperiment([{ key: change.split(' ')[0], text: '' }])).toSorted();
  });
}

const OTHER = ' Data or evaluation are not those of the published figures: none is called reproduced.';
