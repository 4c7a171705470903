import { expect, it } from 'vitest';
import { interactionsFromArrays } from './index.ts';

it('sorts many rows as few: by user, time and the order of the file, further columns along', () => {
  // Above the size from which rows are moved to groups of users first; 1,000 users are not a multiple of the groups.
  const rows = 2 ** 20 + 3;
  const users = Int32Array.from({ length: rows }, (_, e) => Math.imul(e, 2_654_435_761 | 0) >>> 22);
  const times = Float64Array.from({ length: rows }, (_, e) => 1e9 + (Math.imul(e, 40_503) >>> 20));
  const values = Float32Array.from({ length: rows }, (_, e) => e);
  const data = interactionsFromArrays({
    name: 'many',
    users,
    items: Int32Array.from({ length: rows }, (_, e) => e % 977),
    timestamps: times,
    ratings: Float32Array.from({ length: rows }, (_, e) => e % 5),
    columns: { row: { kind: 'number', values, width: 1 } },
  });
  const order = Uint32Array.from({ length: rows }, (_, e) => e).sort(
    (a, b) => users[a] - users[b] || times[a] - times[b] || a - b,
  );
  const row = data.events.columns.get('row');
  if (row?.kind !== 'number') return expect.unreachable();
  let wrong = 0;
  for (let at = 0; at < rows; at++) {
    const e = order[at];
    const same =
      row.values[at] === Math.fround(e) &&
      data.items.external(data.itemIds[at]) === String(e % 977) &&
      data.timestamps[at] === times[e] &&
      data.ratings?.[at] === e % 5;
    if (!same) wrong++;
  }
  expect(wrong).toBe(0);
  for (let u = 0; u < data.numUsers; u++) {
    const first = order[data.userOffsets[u]];
    expect(data.users.external(u)).toBe(String(users[first]));
  }
});
