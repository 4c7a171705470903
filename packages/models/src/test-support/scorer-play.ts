// What may happen to the histories of users, played on a scorer beside full passes.
import fc from 'fast-check';
import { expect } from 'vitest';
import type { TokenEncoder } from '../model.ts';
import type { Scorer, UserEvent } from '../serve/scorer.ts';
import { historyOf, vectorOf } from './scored-models.ts';

/** What may happen to the histories of three users. */
export const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('append'), user: fc.nat(2), events: fc.integer({ min: 1, max: 5 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('encode'),
        user: fc.nat(2),
        wait: fc.constantFrom(0, 1, 60, 2_592_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fork', 'evict'), user: fc.nat(2) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('truncate'), user: fc.nat(2), events: fc.integer({ min: 1, max: 12 }) }),
    },
  ),
  { minLength: 4, maxLength: 14 },
) as fc.Arbitrary<readonly { kind: string; user: number; events?: number; wait?: number }[]>;

export const memorySpill = () => {
  const kept = new Map<string, Float32Array>();
  return {
    write: async (user: string, values: Float32Array) => void kept.set(user, values),
    read: async (user: string) => kept.get(user),
    remove: (user: string) => void kept.delete(user),
  };
};

/** Plays steps on a scorer and compares every answer with the full pass over the same events. */
export async function play(
  model: TokenEncoder,
  scorer: Scorer,
  plan: readonly { kind: string; user: number; events?: number; wait?: number }[],
) {
  const { exact } = scorer.capabilities;
  const truth = new Map<string, UserEvent[]>();
  const drawn = [0, 1, 2].map((user) => historyOf(11 + user, 200));
  const used = [0, 0, 0];
  for (const [step, { kind, user, events = 0, wait = 0 }] of plan.entries()) {
    const name = `user ${user}`;
    const mine = truth.get(name) ?? [];
    const latest = mine.at(-1)?.time ?? 0;
    if (kind === 'append') {
      const next = drawn[user].slice(used[user], used[user] + events).map((event) => ({
        ...event,
        time: Math.max(latest, event.time),
      }));
      used[user] += events;
      await scorer.append({ user: name, events: next });
      truth.set(name, [...mine, ...next]);
    } else if (mine.length === 0) {
    } else if (kind === 'encode') {
      const at = latest + wait;
      const [vector] = await scorer.encode({ user: name, at });
      const expected = await vectorOf(model, mine, at);
      if (exact === 'bitwise') {
        expect(vector, `step ${step}`).toEqual(expected);
        continue;
      }
      const error = Math.max(...expected.map((x, i) => Math.abs(x - vector[i])));
      expect(error, `step ${step}`).toBeLessThanOrEqual(exact * Math.max(...expected.map(Math.abs)));
    } else if (kind === 'fork') {
      const other = (user + 1) % 3;
      await scorer.fork(name, `user ${other}`);
      truth.set(`user ${other}`, [...mine]);
    } else if (kind === 'evict') {
      await scorer.evict(name);
    } else {
      const length = Math.min(mine.length, events);
      await scorer.truncate(name, length);
      truth.set(name, mine.slice(0, length));
    }
  }
}
