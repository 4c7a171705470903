import { expect, test } from 'vitest';
import { LoadClient } from './client.ts';
import type { HttpClient, Reply } from './http-client.ts';

const users = 'abcdefghij'.split('');
const options = { users, lastTimes: users.map((_, i) => 1000 * (i + 1)), items: ['x', 'y'], share: 1 };

/** A service in this process: histories by user, each beginning with five events. */
function service() {
  const histories = new Map(options.users.map((user) => [user, 5]));
  const times = new Map<string, number>();
  const asked: { user: string; events: number; at: number }[] = [];
  const waiting = new Set<string>();
  const state = { dies: Number.POSITIVE_INFINITY, writesBeforeDying: false };
  const answer = async (path: string, body?: { at?: number; events?: { time: number }[] }): Promise<Reply> => {
    const [, user, what] = /^\/v1\/users\/(\w)(?:\/(\w+))?$/.exec(path) ?? [];
    expect(waiting.has(user)).toBe(false);
    waiting.add(user);
    await new Promise((resolve) => setTimeout(resolve, 3));
    waiting.delete(user);
    const events = histories.get(user) as number;
    if (what === undefined) return { status: 200, body: { events } };
    const dies = --state.dies <= 0;
    if (what === 'events' && (!dies || state.writesBeforeDying)) {
      const time = body?.events?.[0].time as number;
      expect(time).toBeGreaterThan(times.get(user) ?? 0);
      times.set(user, time);
      histories.set(user, events + 1);
    }
    if (dies) throw new Error('ECONNRESET');
    if (what === 'events') return { status: 200, body: { events: events + 1 } };
    asked.push({ user, events: events - 5, at: body?.at as number });
    return { status: 200, body: { items: [] } };
  };
  const http: HttpClient = { get: (path) => answer(path), post: answer, close: () => undefined };
  return { http, histories, asked, state };
}

test('requests of a user follow each other, at about the rate, half of them events', async () => {
  const client = new LoadClient(options);
  const { http, histories, asked } = service();
  const { requests, milliseconds, refused } = await client.run(http, { rate: 400, seconds: 1 });
  expect(milliseconds).toHaveLength(requests);
  expect(refused.size).toBe(0);
  expect(Math.abs(requests - 400)).toBeLessThan(100);
  const written = options.users.reduce((sum, user) => sum + (histories.get(user) as number) - 5, 0);
  expect(Math.abs(written - requests / 2)).toBeLessThan(60);
  // What is noted of an answer is what the service knew when it gave it.
  const noted = client.answers.map(({ user, sent, at }) => ({ user: options.users[user], events: sent, at }));
  const order = (all: typeof asked): string[] => all.map((one) => JSON.stringify(one)).sort();
  expect(order(noted)).toEqual(order(asked));
});

test.each([true, false])('an event on its way counts where it arrived: %s', async (arrives) => {
  const client = new LoadClient(options);
  const { http, histories, state } = service();
  Object.assign(state, { dies: 40, writesBeforeDying: arrives });
  const { refused } = await client.run(http, { rate: 400, seconds: 5 });
  expect(refused.get(0)).toBeGreaterThan(0);
  state.dies = Number.POSITIVE_INFINITY;
  expect(await client.reconcile(http, () => 5)).toBe(0);
  for (const [user, name] of options.users.entries())
    expect(client.eventsOf(user)).toHaveLength((histories.get(name) as number) - 5);
  // One that was acknowledged and is gone is told.
  histories.set('a', 5);
  expect(await client.reconcile(http, () => 5)).toBe(client.eventsOf(0).length);
});
