import { globalTime, interactionsFromArrays, leaveLastOut, type Split, trainTest } from '@seqrec/data';
import { expect, test } from 'vitest';
import { usedEvents } from './used-events.ts';

/** Two users of seven events at times 0 to 6 and 10 to 16. */
const interactions = interactionsFromArrays({
  name: 'two',
  users: [...Array(7).fill('a'), ...Array(7).fill('b')],
  items: [1, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 3, 2, 1],
  timestamps: [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16],
});
const marks = (split: Split, name: 'validation' | 'test') => usedEvents(split, split[name]!).join('');

test('leave-last-out: validation may ask for the last but one, test for the last', () => {
  const split = leaveLastOut(interactions);
  expect(marks(split, 'validation')).toBe('11111001111100');
  expect(marks(split, 'test')).toBe('11111101111110');
});

test('train-test: only the last event is new', () => {
  expect(marks(trainTest(interactions), 'test')).toBe('11111101111110');
});

test('global-time: what training read and what lies before the cut of the set', () => {
  // Training reads events before 4, validation asks for events 4 to 11 (times 4 .. 10) and test for those from 12 on.
  const split = globalTime(interactions, { validationTime: 4, testTime: 12 });
  expect(marks(split, 'validation')).toBe('11110000000000');
  expect(marks(split, 'test')).toBe('11111111100000');
});

test('the mask of a set is made once', () => {
  const split = trainTest(interactions);
  expect(usedEvents(split, split.test)).toBe(usedEvents(split, split.test));
});
