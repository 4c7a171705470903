import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { withoutUsers } from './catalogue.ts';
import { EventLog } from './event-log.ts';
import { headerLine } from './log-record.ts';
import { Problem } from './problem.ts';
import { catalogue, newLog, openWorld, scorerWith } from './test-support/world.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const event = (item: number, time: number) => ({ item, time });

/** A log of these lines. */
function logOf(...lines: readonly string[]): string {
  const log = newLog();
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, `${[headerLine(catalogue.digest), ...lines].join('\n')}\n`);
  return log;
}

describe('a service', () => {
  it('two writers for one user: events in the order of arrival, those that come too late refused, nothing lost', async () => {
    const world = await openWorld();
    const { service, scorer } = world;
    // Writer A writes 1, 3, 5, ..., writer B 2, 4, ...; B's clock stands still from 20 on.
    const writes = Array.from({ length: 40 }, (_, i) => ({
      item: 1 + (i % 20),
      time: i % 2 === 1 && i > 20 ? 20 : i + 1,
    }));
    const settled = await Promise.allSettled(writes.map((each) => service.append('eve', [each])));
    const accepted = writes.filter((_, i) => settled[i].status === 'fulfilled');
    expect(accepted).toHaveLength(30);
    expect(scorer.history('eve')).toEqual(accepted);
    expect(accepted.every(({ time }, i) => i === 0 || time >= accepted[i - 1].time)).toBe(true);
    // Each was told how many events there were after its own.
    const held = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(held).toEqual(accepted.map((_, i) => i + 1));
    for (const each of settled)
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ kind: 'out-of-order' });
    await world.close();
  });

  it('what is asked after an event sees it; everything about a user happens in the order of arrival', async () => {
    const world = await openWorld();
    const { service } = world;
    const answers = Promise.all([
      service.append('eve', [event(1, 10)]),
      service.top('eve', undefined, 20, 'seen'),
      service.append('eve', [event(2, 20)]),
      service.top('eve', undefined, 20, 'seen'),
      service.forget('eve'),
      service.append('eve', [event(3, 5)]),
      service.top('eve', undefined, 20, 'seen'),
    ]);
    const [one, first, two, second, , three, third] = await answers;
    expect([one, two, three]).toEqual([1, 2, 1]);
    expect([first.at, second.at, third.at]).toEqual([10, 20, 5]);
    const missing = ({ items }: { items: Int32Array }) => [1, 2, 3].filter((item) => !items.includes(item));
    expect([first, second, third].map(missing)).toEqual([[1], [1, 2], [3]]);
    await world.close();
  });

  it('is after a crash what it was: the log alone makes it', async () => {
    const log = newLog();
    const before = await openWorld({ log });
    await before.service.append('ada', [event(7, 300)]);
    await before.service.append('bob', [event(1, 1), { item: 2, time: 2, rating: 3 }]);
    await before.service.append('cyd', [event(4, 4)]);
    await before.service.forget('cyd');
    const expected = await before.service.top('ada', 400, 5, 'seen');
    // Not closed: this is what a killed process leaves.
    const after = await openWorld({ log });
    expect(after.service.about('ada')).toEqual({ events: 3, first: 100, last: event(7, 300) });
    expect(after.scorer.history('ada')).toEqual(before.scorer.history('ada'));
    expect(after.scorer.history('bob')).toEqual([event(1, 1), { item: 2, time: 2, rating: 3 }]);
    expect(() => after.service.about('cyd')).toThrow(Problem);
    expect(await after.service.top('ada', 400, 5, 'seen')).toEqual(expected);
    expect(after.notes.join()).toContain('2 users with events of the log');
    await Promise.all([before.close(), after.close()]);
  });

  it.each([
    [withoutUsers(catalogue), catalogue, 0, 2],
    [catalogue, withoutUsers(catalogue), 2, 0],
  ])(
    'a log with and one without the users of the data are not taken for each other',
    async (before, after, held, got) => {
      const log = newLog();
      const world = await openWorld({ log, catalogue: before });
      await world.service.append('ada', [event(7, 300)]);
      await world.close();
      const close = vi.spyOn(EventLog.prototype, 'close');
      await expect(openWorld({ log, catalogue: after })).rejects.toThrow(
        `${log}: user "ada": expected ${held} events of the data before those of the log; got ${got}; was the log written with --no-users, or without? if in both ways, remove the lines of such users, or name another file with --log`,
      );
      expect(close).toHaveBeenCalledOnce();
      close.mockRestore();
    },
  );

  it('a user of the data who was forgotten begins anew, after a restart too', async () => {
    const log = newLog();
    const before = await openWorld({ log });
    await before.service.forget('ada');
    await before.service.append('ada', [event(7, 300)]);
    await before.close();
    const after = await openWorld({ log });
    expect(after.scorer.history('ada')).toEqual([event(7, 300)]);
    await after.close();
  });

  it('goes on behind the last place of a log that was written before places were checked', async () => {
    const log = logOf('{"seq":0,"user":"ada","held":2,"events":[["film-7",1753000000]]}');
    const history = [event(3, 0), event(5, 1)];
    const world = await openWorld({ log, catalogue: { ...catalogue, hasTimes: false, history: () => history } });
    const { service } = world;
    const next = 1_753_000_001;
    expect((await service.top('ada', undefined, 5, 'seen')).at).toBe(next);
    await expect(service.top('ada', next + 1, 5, 'seen')).rejects.toThrow(`0 to ${next}, since the data have no times`);
    expect(await service.append('ada', [event(8, next), event(9, next + 1)])).toBe(5);
    await expect(service.append('ada', [event(1, next + 3)])).rejects.toThrow(
      `a place in the history, 0 to ${next + 2}`,
    );
    await world.close();
  });

  it('leaves ratings of a log out that no 32-bit float holds', async () => {
    const log = logOf('{"seq":0,"user":"bob","held":0,"events":[["film-1",1,1e39],["film-2",2,3],["film-3",3,-1e39]]}');
    const world = await openWorld({ log });
    expect(world.scorer.history('bob')).toEqual([event(1, 1), { ...event(2, 2), rating: 3 }, event(3, 3)]);
    expect(world.notes).toContain(`note: ${log}: left out ratings that are not finite as 32-bit floats, 2 of them`);
    await world.close();
  });

  it('events that the model refuses are not stored, and do not come back', async () => {
    const log = newLog();
    const scorer = scorerWith((plain) => ({
      append: async (...appends) => {
        if (appends.some(({ events }) => events.some(({ item }) => item === 13))) throw new Error('unlucky');
        await plain.append(...appends);
      },
    }));
    const world = await openWorld({ log, scorer, windowMs: 20 });
    const settled = await Promise.allSettled([
      world.service.append('bob', [event(1, 1)]),
      world.service.append('eve', [event(13, 1)]),
      world.service.append('bob', [event(2, 2)]),
      world.service.append('eve', [event(4, 2)]),
    ]);
    expect(settled.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))).toEqual([
      1,
      'Error: unlucky',
      2,
      1,
    ]);
    await world.close();
    const { log: file, found } = await EventLog.open(log, 'd1'.repeat(32));
    expect(found.users.get('eve')?.events).toEqual([['film-4', 2]]);
    await file.close();
  });

  it('a history of the data that was not taken in: nothing is stored behind it, and the next request takes it in', async () => {
    const log = newLog();
    let broken = true;
    const scorer = scorerWith((plain) => ({
      append: async (...appends) => {
        if (broken && appends.some(({ events }) => events[0].item === 3)) throw new Error('unlucky');
        await plain.append(...appends);
      },
    }));
    const world = await openWorld({ log, scorer, windowMs: 20 });
    const settled = await Promise.allSettled([
      world.service.append('ada', [event(7, 300)]),
      world.service.top('ada', 400, 5, 'seen'),
      world.service.append('bob', [event(1, 1)]),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(world.service.about('ada').events).toBe(2);
    broken = false;
    expect(await world.service.append('ada', [event(8, 300)])).toBe(3);
    expect(scorer.history('ada').map(({ item }) => item)).toEqual([3, 5, 8]);
    await world.close();
    const { log: file, found } = await EventLog.open(log, 'd1'.repeat(32));
    expect(found.users.get('ada')).toEqual({ held: 2, events: [['film-8', 300]] });
    await file.close();
  });

  it('a log that cannot be written: 503, nothing stored, and on again when it can', async () => {
    const world = await openWorld();
    const { service } = world;
    await service.append('bob', [event(1, 1)]);
    const { write } = EventLog.prototype;
    const full = new Problem('storage', 'disk full');
    EventLog.prototype.write = () => ({ seq: 99, written: Promise.reject(full) });
    try {
      const settled = await Promise.allSettled([
        service.append('bob', [event(2, 50)]),
        service.append('new', [event(2, 50)]),
        service.forget('bob'),
      ]);
      expect(settled.map((each) => (each as PromiseRejectedResult).reason)).toEqual([full, full, full]);
    } finally {
      EventLog.prototype.write = write;
    }
    expect(service.about('bob')).toEqual({ events: 1, first: 1, last: event(1, 1) });
    expect(() => service.about('new')).toThrow('user "new": expected a user with events');
    expect(await service.append('bob', [event(2, 2)])).toBe(2);
    expect(existsSync(world.log)).toBe(true);
    await world.close();
  });
});
