import { expect, it } from 'vitest';
import type { JoinedTeacher } from '../interactions.ts';
import { interactionsFromArrays } from '../sources/memory.ts';
import { leakageReport } from './leakage.ts';
import { rowsByTime } from './rows-by-time.ts';
import type { Split } from './split.ts';

const ROWS = 20;
const START = 1_600_000_000;

/** Rows by time, with predictions of a teacher of the first `taught` of them or of the last. */
function split(taught: (e: number) => boolean, teacher: Pick<JoinedTeacher, 'trainedTo' | 'trainedOn'>): Split {
  const numbers = (of: (e: number) => number) => ({
    kind: 'number' as const,
    values: Array.from({ length: ROWS }, (_, e) => of(e)),
  });
  const plain = interactionsFromArrays({
    name: 'clicks',
    users: Array.from({ length: ROWS }, () => 'u'),
    items: Array.from({ length: ROWS }, (_, e) => `i${e % 3}`),
    timestamps: Array.from({ length: ROWS }, (_, e) => START + e),
    columns: { click: numbers((e) => e % 2), 'teacher.click': numbers((e) => (taught(e) ? 0.5 : Number.NaN)) },
    labels: ['click', 'teacher.click'],
  });
  const step = {
    ...{ name: 'teacher-labels', detail: '', params: {}, counts: {} },
    teacher: { name: 'run-1', columns: ['teacher.click'], ...teacher },
  };
  return rowsByTime({ ...plain, steps: [...plain.steps, step] }, { testShare: 0.2, validationShare: 0.2 });
}

const lines = (given: Split): string[] =>
  leakageReport(given).checks.flatMap(({ name, verdict, text }) =>
    name.startsWith('teacher-') ? [`${verdict}: ${text}`] : [],
  );

it('says of a teacher how many training rows it has, and which tested ones it was trained on', () => {
  expect(lines(split((e) => e < 18, { trainedOn: true, trainedTo: START + 17 }))).toEqual([
    'ok: 12 of 12 training rows (100.0 %) have a prediction of the teacher run-1.',
    'leak: 4 of 4 validation targets are events that the teacher run-1 was trained on.',
    'leak: 2 of 4 test targets are events that the teacher run-1 was trained on.',
    'leak: the teacher run-1 was trained to 2020-09-13T12:26:57.000Z, not before the test cut, 2020-09-13T12:26:56.000Z.',
  ]);
});

it('has nothing against a teacher of earlier rows that says what it thinks of later ones', () => {
  expect(lines(split((e) => e >= 6, { trainedOn: false, trainedTo: START + 5 }))).toEqual([
    'ok: 6 of 12 training rows (50.0 %) have a prediction of the teacher run-1.',
    'ok: 0 of 4 validation targets are events that the teacher run-1 was trained on.',
    'ok: 0 of 4 test targets are events that the teacher run-1 was trained on.',
    'ok: the teacher run-1 was trained to 2020-09-13T12:26:45.000Z, before the test cut, 2020-09-13T12:26:56.000Z.',
  ]);
});

it('does not know of a store that says nothing of it whether its teacher was trained on what is tested', () => {
  expect(lines(split((e) => e >= 16, {})).slice(1)).toEqual([
    'ok: 0 of 4 validation targets are events that the teacher run-1 was trained on.',
    'note: the store does not say whether its teacher run-1 was trained on the 4 of 4 test targets that have a prediction.',
  ]);
});

it('warns of a teacher that says nothing of what trains', () => {
  expect(lines(split((e) => e >= 16, { trainedOn: false }))[0]).toBe(
    'warning: 0 of 12 training rows (0.0 %) have a prediction of the teacher run-1.',
  );
});
