import { expect, it } from 'vitest';
import { interactionsFromArrays, leaveLastOut, trainingRows } from '../index.ts';

it('are the events, users and items that training reads, as histories or targets', () => {
  const data = interactionsFromArrays({
    name: 'rows',
    users: [...'aaaabbccccc'],
    items: [1, 2, 3, 4, 1, 2, 5, 6, 5, 7, 8],
    timestamps: Array.from({ length: 11 }, (_, i) => i),
  });
  const { train } = leaveLastOut(data);
  const { events, users, items } = trainingRows(train);
  // The last two events of a and c are targets of validation and test; b has too few.
  expect([...events]).toEqual([0, 1, 6, 7, 8]);
  expect([...users]).toEqual([0, 2]);
  expect(Array.from(items, (row) => data.items.external(row + 1))).toEqual(['1', '2', '5', '6']);
  const parts = { offsets: Int32Array.of(0, 1, 2), indices: Int32Array.of(0, 6) };
  const two = { ...train, users: Int32Array.of(0, 2), starts: Int32Array.of(2, 7), targets: Int32Array.of(3, 8) };
  expect([...trainingRows({ ...two, events: parts }).events]).toEqual([0, 3, 6, 8]);
});
