import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { zipBytes } from '../../test/fixtures.ts';
import {
  detectFormat,
  type Interactions,
  isMissing,
  loadDataset,
  loadNamedDataset,
  valueText,
  whyNoFeature,
} from '../index.ts';

const root = mkdtempSync(join(tmpdir(), 'seqrec-yelp-'));
afterAll(() => rmSync(root, { recursive: true }));

const lines = (rows: readonly object[]): string => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
/** Twenty reviews by four users of five businesses, an hour apart. */
const reviews = Array.from({ length: 20 }, (_, k) => ({
  ...{ review_id: `r${k}`, user_id: `u${k % 4}`, business_id: `b${(k * 3) % 5}`, stars: 1 + (k % 5) },
  ...{
    useful: k,
    funny: 0,
    cool: k % 2,
    text: 'Good,\tand\nfar "away" \u00e9\u4e2d',
    date: `2018-07-07 ${String(k).padStart(2, '0')}:09:11`,
  },
}));
const users = [0, 1, 2, 9].map((n) => ({
  ...{ user_id: `u${n}`, name: 'N', review_count: 7, yelping_since: `200${n}-01-25 16:47:26`, average_stars: 4.2 },
  ...{ elite: n === 1 ? '2010,2011,2010' : '', friends: 'a, b' },
}));
const businesses = [0, 1, 2, 3, 4, 5].map((n) => ({
  ...{
    business_id: `b${n}`,
    name: `Caf\u00e9\t${n}`,
    city: n < 3 ? 'Tucson' : 'Reno',
    state: 'AZ',
    postal_code: `0${n}`,
  },
  ...{ latitude: 32.5 + n, longitude: -110, stars: 3, review_count: 9, attributes: { WiFi: "u'free'" } },
  categories: n === 4 ? null : `Food, Bars${n === 0 ? ', Food' : ''}`,
}));
const files = { review: lines(reviews), user: lines(users), business: lines(businesses) };

let folders = 0;
function write(given: Record<string, string | Uint8Array>, prefix = 'yelp_academic_dataset_', end = '.json'): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(given)) writeFileSync(join(folder, `${prefix}${name}${end}`), text);
  return folder;
}
const texts = (i: Interactions, table: 'events' | 'userTable' | 'itemTable', name: string): string[] => {
  const column = i[table].columns.get(name);
  if (column === undefined) throw new Error(`no column ${name}`);
  return Array.from({ length: i[table].rows }, (_, row) => (isMissing(column, row) ? '' : valueText(column, row)));
};

describe("Yelp's academic data set", () => {
  it('gives reviews, users and businesses, and leaves out what is counted over all time', async () => {
    const path = write(files);
    const i = await loadDataset({ format: 'yelp', path, name: 'yelp' });
    expect([i.numUsers, i.numItems, i.numEvents, i.items.external(6)]).toEqual([4, 6, 20, 'b5']);
    expect(i.roles).toMatchObject({ action: 'stars', title: 'name', categories: 'categories', labels: [] });
    expect(i.roles.after).toEqual(['useful', 'funny', 'cool']);
    expect(whyNoFeature(i.roles, 'useful')).toBe('declared to be known only after the event');
    // Users one after the other, each with every fourth review.
    const order = [0, 1, 2, 3].flatMap((user) => [0, 1, 2, 3, 4].map((k) => 4 * k + user));
    expect(Array.from(i.itemIds, (item) => i.items.external(item))).toEqual(order.map((k) => reviews[k].business_id));
    expect(texts(i, 'events', 'stars')).toEqual(order.map((k) => String(reviews[k].stars)));
    expect(texts(i, 'events', 'useful')).toEqual(order.map(String));
    expect(i.timestamps[1]).toBe(Date.UTC(2018, 6, 7, 4, 9, 11) / 1000);
    expect([...i.events.columns.keys()].slice(2)).toEqual(['stars', 'useful', 'funny', 'cool']);
    expect([...i.userTable.columns.keys()]).toEqual(['yelping_since', 'elite']);
    expect(texts(i, 'userTable', 'yelping_since').slice(0, 2)).toEqual([
      '2000-01-25T16:47:26Z',
      '2001-01-25T16:47:26Z',
    ]);
    expect(texts(i, 'userTable', 'elite')).toEqual(['', '2010|2011', '', '']);
    expect([...i.itemTable.columns.keys()]).toEqual([
      ...['name', 'city', 'state', 'postal_code', 'latitude', 'longitude', 'categories'],
    ]);
    expect(texts(i, 'itemTable', 'name')[1]).toBe('Caf\u00e9 1');
    expect(texts(i, 'itemTable', 'city')).toEqual(['Tucson', 'Tucson', 'Tucson', 'Reno', 'Reno', 'Reno']);
    expect(texts(i, 'itemTable', 'postal_code')[0]).toBe('00');
    expect(texts(i, 'itemTable', 'latitude')[2]).toBe('34.5');
    expect(texts(i, 'itemTable', 'categories')).toEqual([
      'Food|Bars',
      'Food|Bars',
      'Food|Bars',
      'Food|Bars',
      '',
      'Food|Bars',
    ]);
    expect(i.catalogue?.categoryNames()).toEqual(['Bars', 'Food']);
  });

  it('is found by its names, and is the same as gz, in a zip, without users apart, and by name', async () => {
    const path = write(files, '');
    expect(await detectFormat(path)).toEqual({ format: 'yelp', path });
    const { digest } = await loadDataset({ format: 'yelp', path });
    const gz = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, gzipSync(text)]));
    expect((await loadDataset({ format: 'yelp', path: write(gz, '', '.json.gz') })).digest).toBe(digest);
    const zip = join(root, 'yelp.zip');
    writeFileSync(
      zip,
      zipBytes(Object.fromEntries(Object.entries(files).map(([name, text]) => [`y/${name}.json`, text]))),
    );
    expect((await loadDataset({ format: 'yelp', path: zip })).digest).toBe(digest);
    expect((await loadNamedDataset('yelp', root)).digest).toBe(digest);
    const { user: _, ...rest } = files;
    expect((await loadDataset({ format: 'yelp', path: write(rest) })).userTable.columns.size).toBe(0);
  });

  it('names file and line of what is no JSON or no review, or counts it', async () => {
    const bad = `${files.review}{"user_id":\n[1]\n${JSON.stringify({ ...reviews[0], date: 'today' })}\n`;
    const path = write({ ...files, review: bad }, '');
    await expect(loadDataset({ format: 'yelp', path })).rejects.toThrow(
      `readYelp: ${path}/review.json:21: expected a JSON object a line; got "{\\"user_id\\":"; lenient: true (--data.lenient true) skips`,
    );
    const dated = write({ ...files, review: bad.replace('{"user_id":\n[1]\n', '') }, '');
    await expect(loadDataset({ format: 'yelp', path: dated })).rejects.toThrow(
      `readYelp: ${dated}/review.json:21: expected an ISO`,
    );
    const i = await loadDataset({ format: 'yelp', path }, { lenient: true });
    expect([i.numEvents, i.steps[0].counts.skipped]).toEqual([20, 3]);
    expect(i.steps[0].problems?.flatMap(({ firstLines }) => firstLines)).toEqual([21, 22, 23]);
    const half = write({ ...files, business: `${files.business}{"city":"Reno"}\n` }, '');
    await expect(loadDataset({ format: 'yelp', path: half })).rejects.toThrow(
      `${half}/business.json:7: expected an item id`,
    );
    await expect(loadDataset({ format: 'yelp', path: write({ review: files.review }, '') })).rejects.toThrow(
      'readYelp: ',
    );
  });
});
