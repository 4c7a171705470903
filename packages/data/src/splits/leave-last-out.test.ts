import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batches, interactionsFromArrays, latestWindow, leaveLastOut, makeBatch, trainTest } from '../index.ts';

/** Users with the given numbers of events; item of user u's event k is `10 u + k`, shuffled rows. */
function world(lengths: readonly number[]) {
  const rows = lengths.flatMap((n, u) => Array.from({ length: n }, (_, k) => ({ u, k })));
  const mixed = rows.map((r, i) => ({ ...r, key: (i * 7919) % (rows.length + 13) })).sort((a, b) => a.key - b.key);
  return interactionsFromArrays({
    name: 'world',
    users: mixed.map((r) => r.u),
    items: mixed.map((r) => 1000 * (r.u + 1) + r.k),
    timestamps: mixed.map((r) => 100 + r.k),
  });
}

describe('leaveLastOut and trainTest', () => {
  it('takes the last, the one before and the one before that as targets', () => {
    const split = leaveLastOut(world([5]));
    expect([...split.test.targets]).toEqual([4]);
    expect([...(split.validation?.targets ?? [])]).toEqual([3]);
    expect([...split.train.targets]).toEqual([2]);
    const reference = trainTest(world([5]));
    expect([...reference.test.targets]).toEqual([4]);
    expect(reference.validation).toBeUndefined();
    expect([...reference.train.targets]).toEqual([3]);
  });

  it('leaves out users that are too short and counts them', () => {
    const split = leaveLastOut(world([3, 4, 1, 9]));
    expect([...split.test.users]).toEqual([1, 3]);
    expect(split.step.counts).toEqual({ users: 2, droppedUsers: 2, droppedEvents: 4 });
    expect([...trainTest(world([3, 4, 1, 9])).test.users]).toEqual([0, 1, 3]);
    const alike = trainTest(world([3, 4, 1, 9]), { minLength: 4 });
    expect([...alike.test.users]).toEqual([...split.test.users]);
    expect(alike.step.detail).toContain('2 users, 2 with fewer than 4 events (4 events) left out.');
  });

  it('fails when nobody is left', () => {
    expect(() => leaveLastOut(world([3, 2]))).toThrow(
      'leave-last-out: expected users with at least 4 events; got none among the 2 users of world',
    );
  });

  it('never lets a later event into a part: targets of a user strictly descend, histories end before them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }), (lengths) => {
        fc.pre(lengths.some((n) => n >= 4));
        const i = world(lengths);
        const split = leaveLastOut(i);
        const validation = split.validation;
        for (let e = 0; e < split.test.targets.length; e++) {
          const user = split.test.users[e];
          expect(split.test.targets[e]).toBe(i.userOffsets[user + 1] - 1);
          expect(validation?.targets[e]).toBe(split.test.targets[e] - 1);
          expect(split.train.targets[e]).toBe(split.test.targets[e] - 2);
          for (const set of [split.test, split.train]) expect(set.starts[e]).toBe(i.userOffsets[user]);
        }
      }),
    );
  });
});

describe('windows and batches', () => {
  it('a batch holds inputs and next items, one event apart', () => {
    const i = world([6, 4]);
    const batch = makeBatch(latestWindow(leaveLastOut(i).test, { maxLength: 3 }), [1, 0]);
    const external = (ids: Int32Array) => [...ids].map((id) => i.items.external(id));
    expect([...batch.users]).toEqual([1, 0]);
    expect([...batch.offsets]).toEqual([0, 3, 6]);
    expect(external(batch.itemIds)).toEqual(['2000', '2001', '2002', '1002', '1003', '1004']);
    expect(external(batch.targets)).toEqual(['2001', '2002', '2003', '1003', '1004', '1005']);
    expect([...batch.timestamps]).toEqual([100, 101, 102, 102, 103, 104]);
    expect([...batch.targetTimestamps]).toEqual([101, 102, 103, 103, 104, 105]);
  });

  it('an epoch resumed at a batch continues exactly', () => {
    const { train } = leaveLastOut(world([5, 6, 7, 8, 9]));
    const order = Int32Array.from([4, 0, 3, 1, 2]);
    const whole = [...batches(train, { batchSize: 2, order })];
    expect(whole.map((b) => [...b.users])).toEqual([[4, 0], [3, 1], [2]]);
    expect([...batches(train, { batchSize: 2, order, startBatch: 1 })]).toEqual(whole.slice(1));
  });

  it('refuses what makes no sense, naming the option', () => {
    const { train } = leaveLastOut(world([5]));
    expect(() => latestWindow(train, { maxLength: 0 })).toThrow('latestWindow: expected maxLength of 1 or more; got 0');
    expect(() => batches(train, { batchSize: 0 })).toThrow('batches: expected a batchSize of 1 or more; got 0');
    expect(() => batches(train, { batchSize: 1, startBatch: 2 })).toThrow(
      'batches: expected startBatch in 0..1; got 2',
    );
    expect(() => makeBatch(train, [1])).toThrow('makeBatch: expected indices in 0..0; got 1');
  });
});
