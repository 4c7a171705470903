// What a stranger can define: a rule of windows.
import { describe, expect, it } from 'vitest';
import { interactionsFromArrays } from '../sources/memory.ts';
import { leaveLastOut } from '../splits/leave-last-out.ts';
import type { ExampleSet } from '../splits/split.ts';
import { checkedWindows } from './checked-windows.ts';
import { latestWindow } from './latest.ts';
import type { WindowPolicy } from './policy.ts';
import { definedWindows, defineWindows } from './registry.ts';

const rows = [3, 9].flatMap((length, user) =>
  Array.from({ length }, (_, t) => ({ user: `u${user}`, item: `i${t}`, t })),
);
const { train } = leaveLastOut(
  interactionsFromArrays({
    name: 'rows',
    users: rows.map(({ user }) => user),
    items: rows.map(({ item }) => item),
    timestamps: rows.map(({ t }) => t),
  }),
);

const policy = (examples: WindowPolicy['examples']): WindowPolicy => ({
  ...{ name: 'acme/w', maxLength: 4, reach: Number.POSITIVE_INFINITY, settings: {}, equalBudget: true },
  examples,
});
const create = () => policy((set) => latestWindow(set, { maxLength: 4 }));
const schema = { parse: () => ({ policy: 'acme/w' }) };

describe('windows of a stranger', () => {
  it('are defined once, under a name of their own', () => {
    defineWindows({ policy: 'acme/w', schema, create });
    expect(definedWindows().map((each) => each.policy)).toEqual(['acme/w']);
    const refused = (definition: object) => expect(() => defineWindows(definition as never));
    refused({ policy: 'acme/w', schema, create }).toThrow("expected one that is not known yet; got 'acme/w'");
    refused({ policy: 'weighted', schema, create }).toThrow("expected one that is not known yet; got 'weighted'");
    refused({ policy: 'W', schema, create }).toThrow('policy: expected words of small letters');
    refused({ policy: 'acme/x', create }).toThrow('schema: expected an object schema of zod');
    refused({ policy: 'acme/x', schema }).toThrow('create: expected a function');
  });

  it('that hold what is not trained, or too much, are refused', () => {
    const moved = (by: number, longer: number) =>
      checkedWindows(
        policy((set): ExampleSet => {
          const newest = latestWindow(set, { maxLength: 4 });
          const targets = newest.targets.map((target) => target + by);
          return { ...newest, targets, starts: newest.starts.map((start) => start + by - longer) };
        }),
      );
    expect(moved(0, 0).examples(train, 0).targets).toEqual(train.targets);
    // One event more is that which validates.
    expect(() => moved(1, 0).examples(train, 2)).toThrow(/acme\/w: expected windows .*; got a window .* in epoch 2/);
    expect(() => moved(0, 1).examples(train, 0)).toThrow('acme/w: expected windows of 1 to 4 events');
    expect(() => moved(0, -4).examples(train, 0)).toThrow('acme/w: expected windows');
  });

  it('that are no set of examples are refused', () => {
    const made = (examples: (set: ExampleSet) => unknown) =>
      expect(() => checkedWindows(policy(examples as never)).examples(train, 3));
    const newest = latestWindow(train, { maxLength: 4 });
    made(async () => newest).toThrow(
      'acme/w: expected users, starts and targets of windows, Int32Arrays of one length, at once; got a promise, in epoch 3',
    );
    made(() => undefined).toThrow('at once; got those of none, none, none, in epoch 3');
    made(() => ({ ...newest, targets: undefined })).toThrow('at once; got those of 1, 1, none, in epoch 3');
    made(() => ({ ...newest, starts: Float64Array.from(newest.starts, (start) => start + 0.5) })).toThrow(
      'got those of 1, none, 1,',
    );
    made(() => ({ ...newest, users: newest.users.slice(1) })).toThrow('got those of 0, 1, 1,');
  });

  it('that are subsequences hold what is trained, before the target and in order', () => {
    // The second user trains alone, whose events are 3 to 11: 3 to 9 train, 9 is the last that is predicted.
    const { users, starts, targets } = train;
    expect([[...users], [...starts], [...targets]]).toEqual([[1], [3], [9]]);
    const of = (...indices: number[]) =>
      checkedWindows(
        policy((set) => ({
          ...set,
          users: Int32Array.of(1),
          starts: Int32Array.of(9 - 3),
          targets: Int32Array.of(9),
          events: { offsets: Int32Array.of(0, indices.length), indices: Int32Array.from(indices) },
        })),
      );
    expect([...of(3, 5, 8).examples(train, 0).events!.indices]).toEqual([3, 5, 8]);
    // The target, what comes after it, an event of somebody else, the order, the same event again, too few.
    for (const [indices, wrong] of [
      [[3, 8, 9], 'with event 9 out of place'],
      [[8, 9, 10], 'with event 9 out of place'],
      [[2, 5, 8], 'with event 2 out of place'],
      [[5, 3, 8], 'with event 3 out of place'],
      [[3, 3, 8], 'with event 3 out of place'],
      [[3, 5], 'of fewer events than its length, 3,'],
    ] as const) {
      expect(() => of(...indices).examples(train, 4), `${indices}`).toThrow(
        `acme/w: expected windows of 1 to 4 events of what is trained, the events 3 to 9 of user 1 in their order; got a subsequence ${wrong} before 9, which it predicts, in epoch 4`,
      );
    }
    // No offsets for it at all.
    const none = checkedWindows(
      policy((set) => ({
        ...latestWindow(set, { maxLength: 4 }),
        events: { offsets: new Int32Array(0), indices: new Int32Array(0) },
      })),
    );
    expect(() => none.examples(train, 0)).toThrow('got a subsequence of fewer events than its length, 4, before 9');
  });

  it('are there in every epoch', () => {
    const none = new Int32Array(0);
    const some = checkedWindows(
      policy((set, epoch) =>
        epoch === 0 ? latestWindow(set, { maxLength: 4 }) : { ...set, users: none, starts: none, targets: none },
      ),
    );
    expect(some.examples(train, 0).targets).toHaveLength(1);
    expect(() => some.examples(train, 1)).toThrow('acme/w: expected windows in every epoch; got none in epoch 1');
  });
});
