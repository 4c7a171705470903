import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { PageStore } from './page-store.ts';
import { type Spill, type UserState, UserStates } from './user-states.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Room for three users of one event each: a page, or the state of a recurrent layer. */
function world(keeps: 'pages' | 'states', spill?: Spill) {
  const maxBytes = 3 * 8;
  const layers = new Map(keeps === 'pages' ? [['a', { key: 1, value: 1 }]] : []);
  const store = new PageStore({ layers, pageTokens: 1, maxBytes });
  const recurrent = new Map(keeps === 'states' ? [['a', 2]] : []);
  const notes: string[] = [];
  const onNote = (note: string): void => void notes.push(note);
  const users = new UserStates(store, { perEvent: 1, recurrent, maxBytes, spill, onNote });
  /** As a fork does. */
  const fill = async (...round: readonly UserState[]): Promise<void> => {
    await users.reserve(round.map((user) => ({ user, events: 1 })));
    for (const user of round) {
      if (keeps === 'states') users.keepState(user, 'a', new Float32Array(2));
      user.settled = 1;
    }
  };
  /** As a pass does. */
  const use = async (...round: readonly UserState[]): Promise<void> => {
    for (const user of round) users.touch(user);
    await fill(...round);
  };
  const held = (): string[] =>
    [...users.all()]
      .filter(({ pages, states }) => pages.length + states.size > 0)
      .map(({ name }) => name)
      .sort();
  return { users, use, fill, held, notes, dispose: () => store.dispose() };
}

describe.each(['pages', 'states'] as const)('users and their %s', (keeps) => {
  it('lose them in the order in which they were used last', async () => {
    const { users, use, held, dispose } = world(keeps);
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => users.add(name));
    await use(a, b);
    await use(c);
    // Again, together with one that is new: a comes after c now, and b is the oldest.
    await use(a);
    await use(d);
    expect(held()).toEqual(['a', 'c', 'd']);
    await use(e, a);
    expect(held()).toEqual(['a', 'd', 'e']);
    // In the order in which they were asked about: d, e, a.
    await use(b);
    expect(held()).toEqual(['a', 'b', 'e']);
    await use(c);
    expect(held()).toEqual(['a', 'b', 'c']);
    expect(users.evictions).toBe(4);
    dispose();
  });

  it('are taken from those that have some: others are not looked at', async () => {
    const { users, use, held, dispose } = world(keeps);
    let looks = 0;
    for (let i = 0; i < 20; i++) {
      const user = users.add(`u${i}`);
      await use(user);
      const { pages, states } = user;
      let now = pages;
      Object.defineProperty(user, 'pages', {
        get: () => {
          looks++;
          return now;
        },
        set: (next: number[]) => {
          now = next;
        },
      });
      expect(states.size + pages.length).toBe(1);
    }
    expect(held()).toEqual(['u17', 'u18', 'u19']);
    looks = 0;
    await use(users.add('new'));
    expect(held()).toEqual(['new', 'u18', 'u19']);
    // The one that is evicted, and the check above, which looks at all.
    expect(looks - 20).toBeLessThan(6);
    dispose();
  });

  it('lose them where a fork gave them some', async () => {
    const { users, use, fill, held, dispose } = world(keeps);
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => users.add(name));
    await fill(a);
    await use(b, c);
    await use(d);
    expect(held()).toEqual(['b', 'c', 'd']);
    dispose();
  });

  it('are not looked for again where a pass left none, or where they were cut', async () => {
    const { users, use, held, dispose } = world(keeps);
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => users.add(name));
    users.touch(a);
    await use(b, c, d);
    users.keep(b, 0);
    await use(e);
    expect([held(), users.evictions]).toEqual([['c', 'd', 'e'], 0]);
    await use(a);
    expect([held(), users.evictions]).toEqual([['a', 'd', 'e'], 1]);
    users.delete('d');
    await use(b);
    expect([held(), users.evictions]).toEqual([['a', 'b', 'e'], 1]);
    dispose();
  });

  it('lose them, and say so once, where the spill cannot be written', async () => {
    const full = () => Promise.reject(new Error('ENOSPC: no space left on device'));
    const spill: Spill = { write: full, read: async () => undefined, remove: () => undefined };
    const { users, use, held, notes, dispose } = world(keeps, spill);
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => users.add(name));
    await use(a, b, c);
    await use(d);
    await use(e);
    expect(held()).toEqual(['c', 'd', 'e']);
    for (const { settled, spilled } of [a, b]) expect([settled, spilled]).toEqual([0, false]);
    expect(notes).toEqual([expect.stringContaining('got ENOSPC: no space left on device; what it does not take')]);
    dispose();
  });
});
