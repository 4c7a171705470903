import type { Override } from '../../arguments.ts';

/** Settings of `evaluation` that say what is asked; the others say how it is computed. */
const questions = ['positions', 'excludeSeen', 'queryTime', 'ties'].map((key) => `evaluation.${key}`);

/** Whether other data or another question is behind the figures than behind the published ones. */
export function isOtherExperiment(overrides: readonly Override[]): boolean {
  return overrides.some(({ key }) => key.startsWith('data.') || questions.includes(key));
}

/** What to say of what was changed on the command line. */
export function changedRemarks(overrides: readonly Override[]): string[] {
  if (overrides.length === 0) return [];
  const changed = overrides.map(({ key, text }) => `${key} ${text}`).join(', ');
  const other = isOtherExperiment(overrides)
    ? ' Data or evaluation are not those of the published figures: none is called reproduced.'
    : '';
  return [`Changed: ${changed}.${other}`];
}
