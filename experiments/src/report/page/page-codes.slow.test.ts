// The page of a run of generation, in Chromium.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, hasChromium, startChromium } from '../../testing/chromium.ts';
import { codedShop, writeShop } from '../../testing/coded-shop.ts';
import { complaintsOf, detail, shown } from '../../testing/page-browser.ts';
import type { Shown } from '../../testing/ring-page.ts';
import { runMain } from '../../testing/run-main.ts';
import { type PageServer, servePage } from './serve.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-page-codes-'));
const at = (name: string): string => join(folder, name);
const shop = codedShop(folder);
const config = {
  ...shop,
  training: { ...shop.training, epochs: 15 },
  evaluation: { ...shop.evaluation, baselines: [] },
};
const t5 = {
  ...{ kind: 't5', embeddingDim: 16, maxSequenceLength: 5, numHeads: 2, headDim: 8, ffnDim: 16 },
  ...{ encoderBlocks: 1, decoderBlocks: 1 },
};
const settings: Readonly<Record<string, object>> = {
  sasrec: {},
  // It has logits of its own.
  t5: { model: t5, objective: { kind: 'full-softmax', temperature: 1 } },
  words: { task: { ...shop.task, language: { tasks: { retrieve: 1, masked: 0.2 } } } },
  vectors: { task: { ...shop.task, dense: { width: 8, temperature: 0.1 } } },
};

if (!hasChromium) console.log(`no Chromium at ${chromiumPath} (SEQREC_CHROMIUM names another): the page is not tested`);

describe.skipIf(!hasChromium)('the page of codes in Chromium', () => {
  let browser: Browser;
  const servers: PageServer[] = [];
  beforeAll(async () => {
    writeShop(folder);
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** What `seqrec recommend` says, with dates as the page makes them up: a history that ends with the data. */
  async function inNode(runs: string, history: readonly string[]): Promise<Shown[]> {
    const [run] = readdirSync(runs);
    const { output, errors } = await runMain(
      ...['recommend', run, '--out', runs, '--history', history.join(','), '--json'],
    );
    expect(errors).toBe('');
    return (JSON.parse(output) as { recommendations: Shown[] }).recommendations;
  }

  test.each(Object.entries(settings))(
    '%s: items with their codes, and what shares them',
    async (name, changes) => {
      const runs = at(name);
      writeFileSync(at(`${name}.yaml`), JSON.stringify({ ...config, ...changes }));
      const trained = await runMain('train', '--config', at(`${name}.yaml`), '--out', runs, '--quiet');
      expect([trained.code, trained.errors]).toEqual([0, '']);
      const [run] = readdirSync(runs);
      const written = await runMain('page', run, '--out', runs, '--to', at(`${name}-page`), '--no-serve');
      expect([written.code, written.errors]).toEqual([0, '']);

      const server = await servePage(at(`${name}-page`), { port: 0 });
      servers.push(server);
      const page = await browser.newPage();
      const complaints = complaintsOf(page, server.url);
      await page.goto(`${server.url}#history=i3,i4,i5`);
      const items = await shown(page, 3);
      const expected = await inNode(runs, ['i3', 'i4', 'i5']);
      expect(items.map(({ item }) => item)).toEqual(expected.map(({ item }) => item));
      for (const [i, { score }] of items.entries()) expect(Math.abs(score - expected[i].score)).toBeLessThan(1e-5);
      expect(await page.locator('#next li').first().locator('.number').textContent()).toMatch(
        name === 'vectors' ? /^-\d+\.\d\d$/ : / %$/,
      );
      expect(await page.locator('#work-note').textContent()).toContain('codes are written in beams');
      expect(await detail(page, 'Beams')).toBe('10, over codes that some title has');

      // Each code shows what begins so, itself among them; a title of those goes into the history.
      const [first, second] = await page.locator('#next li').first().locator('.code').allTextContents();
      await page.locator('#next li').first().locator('.code').nth(1).click();
      const heading = await page.locator('#shared-title').textContent();
      expect(heading).toMatch(new RegExp(`^Codes that begin with ${first}\\.${second}: \\d+ titles?$`));
      const sharing = page.locator('#shared-items li');
      expect(Number(/(\d+) title/.exec(heading!)![1])).toBe(await sharing.count());
      const named = await sharing.evaluateAll((entries) =>
        (entries as HTMLElement[]).map(({ dataset }) => dataset.item),
      );
      expect(named).toContain(items[0].item);
      for (const codes of await sharing.locator('.codes').allTextContents()) expect(codes).toBe(`${first}${second}`);
      await sharing
        .filter({ has: page.locator(`xpath=self::*[@data-item="${items[0].item}"]`) })
        .locator('.add')
        .click();
      const four = await shown(page, 4);
      const grown = await inNode(runs, ['i3', 'i4', 'i5', items[0].item]);
      expect(four.map(({ item }) => item)).toEqual(grown.map(({ item }) => item));
      await page.getByRole('button', { name: 'Close' }).click();
      expect(await page.locator('#shared').isHidden()).toBe(true);
      expect(complaints).toEqual([]);
      await page.close();
    },
    120_000,
  );
});
