import { appendFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EventLog } from './event-log.ts';
import { readLog } from './read-log.ts';
import { newLog } from './test-support/world.ts';

const DATA = 'abc';
const events = (...items: number[]) => items.map((item) => [`film-${item}`, 10 * item] as const);

async function written(): Promise<string> {
  const file = newLog();
  const { log } = await EventLog.open(file, DATA);
  await log.write({ user: 'ada', held: 2, events: events(1, 2) }).written;
  await log.write({ user: 'bob', held: 0, events: [['film-3', 1, 4.5]] }).written;
  const { seq } = log.write({ user: 'ada', held: 4, events: events(7) });
  await log.write({ user: 'ada', void: seq }).written;
  await log.write({ user: 'ada', held: 4, events: events(8) }).written;
  await log.close();
  return file;
}

describe('the log of events', () => {
  it('gives back what was written, without what was taken back', async () => {
    const found = await readLog(await written(), DATA);
    expect(Object.fromEntries(found.users)).toEqual({
      ada: { held: 2, events: events(1, 2, 8) },
      bob: { held: 0, events: [['film-3', 1, 4.5]] },
    });
    expect(found).toMatchObject({ nextSeq: 5, tornBytes: 0 });
  });

  it('a user who was dropped begins anew', async () => {
    const file = await written();
    const { log } = await EventLog.open(file, DATA);
    await log.write({ user: 'ada', drop: true }).written;
    await log.write({ user: 'ada', held: 0, events: events(9) }).written;
    await log.close();
    const found = await readLog(file, DATA);
    expect(found.users.get('ada')).toEqual({ held: 0, events: events(9) });
    expect([...found.dropped]).toEqual(['ada']);
    expect(found.nextSeq).toBe(7);
  });

  it('whatever the write was cut at, the lines before it stay, and the next stand on lines of their own', async () => {
    const whole = readFileSync(await written());
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let cut = lastLine + 1; cut < whole.length; cut += 7) {
      const file = newLog();
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, whole.subarray(0, cut));
      const { log, found } = await EventLog.open(file, DATA);
      expect(found.tornBytes).toBe(cut - lastLine);
      expect(found.users.get('ada')?.events).toEqual(events(1, 2));
      expect(statSync(file).size).toBe(lastLine);
      await log.write({ user: 'cyd', held: 0, events: events(5) }).written;
      await log.close();
      const again = await readLog(file, DATA);
      expect([...again.users.keys()]).toEqual(['ada', 'bob', 'cyd']);
      expect(again.tornBytes).toBe(0);
    }
  });

  it('a log whose first line is torn begins anew', async () => {
    const header = readFileSync(await written()).indexOf('\n');
    for (const cut of [1, 10, header]) {
      const file = await written();
      truncateSync(file, cut);
      const { log, found } = await EventLog.open(file, DATA);
      expect(found.tornBytes).toBe(cut);
      await log.close();
      expect((await readLog(file, DATA)).users.size).toBe(0);
    }
  });

  it.each(['{"a": 1}', '{"log":"seqrec-events","version":1,"data":"abx'])(
    'a file of one line without its end that is none of a log, %s, stays as it is',
    async (text) => {
      const file = newLog();
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      await expect(EventLog.open(file, DATA)).rejects.toThrow('got another file; name another file with --log');
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  it('refuses a line in the middle that is damaged, another file, and a log of other data', async () => {
    const file = await written();
    appendFileSync(file, '{"seq": 9, "user"\n{"seq": 10, "user": "x", "drop": true}\n');
    await expect(readLog(file, DATA)).rejects.toThrow(
      `${file}:7: expected a line of an event log; got {"seq": 9, "user"; remove the line, or name another file with --log`,
    );
    await expect(readLog(await written(), 'def')).rejects.toThrow(
      'expected a log of events about the data def; got one of the data abc',
    );
    writeFileSync(file, 'user,item\n');
    await expect(readLog(file, DATA)).rejects.toThrow('got another file; name another file with --log');
  });

  it('writes what comes together with one flush', async () => {
    const { log } = await EventLog.open(newLog(), DATA);
    const flushes: number[] = [];
    log.onFlush = (records) => flushes.push(records);
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => log.write({ user: `u${i}`, held: 0, events: events(1) }).written),
    );
    expect(flushes).toEqual([100]);
    await log.close();
  });

  it('says when it cannot be written', async () => {
    const { log } = await EventLog.open(newLog(), DATA);
    await log.close();
    const { written } = log.write({ user: 'ada', held: 0, events: events(1) });
    await expect(written).rejects.toMatchObject({
      kind: 'storage',
      message: expect.stringContaining('nothing was stored'),
    });
  });
});
