import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byRequest,
  type ExampleSet,
  hasRows,
  impressionExamples,
  interactionsFromArrays,
  makeBatch,
  pointExamples,
} from '../index.ts';

/** Rows of few users at few times, so that histories are shared and empty ones are among them. */
const worlds = fc
  .array(fc.record({ user: fc.nat(2), time: fc.nat(6), counts: fc.boolean() }), { minLength: 1, maxLength: 40 })
  .map((rows) => {
    const interactions = interactionsFromArrays({
      name: 'rows',
      users: rows.map(({ user }) => user),
      items: rows.map((_, e) => 1 + (e % 9)),
      timestamps: rows.map(({ time }) => time),
      columns: { clicked: { kind: 'number', values: rows.map(({ counts }) => Number(counts)) } },
      labels: ['clicked'],
    });
    return impressionExamples(interactions);
  });
const columns = { targets: ['clicked'], examples: ['items', 'times'] } as const;

/** What a row reads of a batch of the set itself. */
function rowOf(set: ExampleSet, e: number, maxHistory: number): unknown {
  const { itemIds, timestamps, exampleItems, exampleTimes, columns: further, users } = makeBatch(set, [e], columns);
  const from = Math.max(0, itemIds.length - maxHistory);
  const label = further?.targets?.get('clicked');
  return {
    ...{ user: users[0], items: [...itemIds.subarray(from)], times: [...timestamps.subarray(from)] },
    ...{ item: exampleItems?.[0], time: exampleTimes?.[0], label: label?.kind === 'number' && label.values[0] },
  };
}

describe('byRequest', () => {
  it('keeps every row with its history, whatever stands beside it', () => {
    fc.assert(
      fc.property(worlds, fc.boolean(), fc.constantFrom(1, 3, 100), (set, sameTime, maxHistory) => {
        const requests = byRequest(set, { sameTime, maxHistory });
        expect([...requests.rows.examples]).toEqual([...set.targets.keys()]);
        const batch = makeBatch(requests, [...requests.targets.keys()], columns);
        const label = batch.columns?.targets?.get('clicked');
        const rowOffsets = batch.rowOffsets as Int32Array;
        for (let b = 0; b < batch.users.length; b++) {
          const [from, to] = [batch.offsets[b], batch.offsets[b + 1]];
          for (let r = rowOffsets[b]; r < rowOffsets[b + 1]; r++) {
            const got = {
              ...{ user: batch.users[b], items: [...batch.itemIds.subarray(from, to)] },
              ...{ times: [...batch.timestamps.subarray(from, to)], item: batch.exampleItems?.[r] },
              ...{ time: batch.exampleTimes?.[r], label: label?.kind === 'number' && label.values[r] },
            };
            expect(got).toEqual(rowOf(set, r, maxHistory));
            if (sameTime) expect(batch.exampleTimes?.[r]).toBe(batch.exampleTimes?.[rowOffsets[b]]);
          }
        }
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('joins neighbours of one user and one history, and no others', () => {
    fc.assert(
      fc.property(worlds, (set) => {
        const { rows, users, starts, targets } = byRequest(set);
        const history = (e: number): string => JSON.stringify(rowOf(set, e, 100)).replace(/,"item".*/, '');
        for (let b = 0; b < users.length; b++) {
          const first = rows.offsets[b];
          for (let r = first; r < rows.offsets[b + 1]; r++) expect(history(r)).toBe(history(first));
          if (b > 0) expect(history(first)).not.toBe(history(first - 1));
          expect(targets[b] - starts[b]).toBe(set.targets[first] - set.starts[first]);
        }
      }),
      { seed: 4, numRuns: 60 },
    );
  });

  it('takes some requests, in any order', () => {
    const [set] = fc.sample(worlds, { seed: 9, numRuns: 1 });
    const requests = byRequest(set);
    const last = requests.targets.length - 1;
    const { rowOffsets, exampleItems } = makeBatch(requests, [last, 0], columns);
    const { offsets, targets } = requests.rows;
    const events = [...targets.subarray(offsets[last], offsets[last + 1]), ...targets.subarray(0, offsets[1])];
    expect([...(exampleItems ?? [])]).toEqual(events.map((event) => set.interactions.itemIds[event]));
    expect([...(rowOffsets ?? [])]).toEqual([0, offsets[last + 1] - offsets[last], events.length]);
  });

  it('is of rows alone, and refuses histories of nothing', () => {
    const [set] = fc.sample(worlds, { seed: 9, numRuns: 1 });
    expect([hasRows(set), hasRows(byRequest(set)), hasRows(pointExamples(set.interactions))]).toEqual([
      false,
      true,
      false,
    ]);
    expect(() => byRequest(set, { maxHistory: 0 })).toThrow('byRequest: expected maxHistory of 1 or more; got 0');
  });
});
