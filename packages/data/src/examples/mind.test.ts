import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countExamples, impressionExamples, loadNamedDataset } from '../index.ts';

const dir = process.env.SEQREC_DATA ?? '';

/** Impressions as `behaviors.tsv` has them, read by plain splits. */
function impressions(folder: string) {
  const lines = readFileSync(join(folder, 'mind-small-part', 'behaviors.tsv'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [request, user, time, , shown] = line.split('\t');
    const rows = shown.split(' ').map((entry) => ({ item: entry.slice(0, -2), click: entry.endsWith('-1') }));
    return { request, user, time: Date.parse(`${time} UTC`) / 1000, rows };
  });
}

describe.skipIf(dir === '' || !existsSync(join(dir, 'mind-small-part')))('impressions of MIND', () => {
  it('are its shown rows, each with the clicks of its user before the impression', async () => {
    const i = await loadNamedDataset('mind', dir);
    const set = impressionExamples(i);
    const all = impressions(dir);
    const counts = countExamples(set);
    expect(counts).toMatchObject({ examples: 189_359, requests: 5000, positives: 7542 });
    expect(counts.examples).toBe(all.reduce((sum, { rows }) => sum + rows.length, 0));

    const byUser = Map.groupBy(all, ({ user }) => user);
    const byRequest = new Map(all.map((impression) => [impression.request, impression]));
    const requests = i.events.columns.get('request');
    if (requests?.kind !== 'id' || set.events === undefined) throw new Error('no requests');
    const { offsets, indices } = set.events;
    let [historyEvents, withHistory, different] = [0, 0, 0];
    for (let e = 0; e < set.targets.length; e++) {
      const own = byRequest.get(requests.ids.external(requests.values[set.targets[e]]));
      const before = (byUser.get(own?.user ?? '') ?? []).filter(({ time }) => time < (own?.time ?? 0));
      const clicked = before.flatMap(({ rows }) => rows.filter(({ click }) => click).map(({ item }) => item));
      const found = indices.subarray(offsets[e], offsets[e] + set.targets[e] - set.starts[e]);
      historyEvents += clicked.length;
      if (clicked.length > 0) withHistory++;
      const items = Array.from(found, (event) => i.items.external(i.itemIds[event]));
      if (items.sort().join() !== clicked.sort().join()) different++;
    }
    expect(different).toBe(0);
    expect(withHistory).toBeGreaterThan(1000);
    expect(counts).toMatchObject({ historyEvents, withoutHistory: counts.examples - withHistory });
  });
});
