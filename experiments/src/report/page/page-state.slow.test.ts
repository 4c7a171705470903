import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel, type Recommendation } from '@seqrec/models';
import { describe, expect, test } from 'vitest';
import { Session } from '../../../page/session.ts';
import { hasChromium } from '../../testing/chromium.ts';
import { detail, expectEqual, modelWorker, pageBrowser, shown } from '../../testing/page-browser.ts';
import { ITEMS, idOf, inNode } from '../../testing/ring-page.ts';
import { bundle } from './bundle.ts';
import type { PageData } from './page-data.ts';
import { servePage } from './serve.ts';

describe.skipIf(!hasChromium)('the state of the page in Chromium', () => {
  const { built, open, servers } = pageBrowser();

  test('a click adds one event to kept state, and the page shows what that saves and that it is exact', async () => {
    const { page, complaints } = await open('hstu', { address: '#history=t%2C3,t%2C4,t%2C5' });
    const text = (id: string) => page.locator(`#work-${id}`).textContent();
    const compared = (length: number) => page.waitForSelector(`body[data-compared="${length}"]`);
    await compared(3);
    expect(await text('tokens')).toBe('3 of 3 tokens');
    await page.locator('#next button').first().click();
    await compared(4);
    expect(await text('tokens')).toBe('2 of 4 tokens');
    expect(await text('total')).toBe('5 of 7 so far');
    expect(await text('cached')).toMatch(/^\d+\.\d ms$/);
    expect(await text('full')).toMatch(/^\d+\.\d ms$/);
    expect(await text('equal')).toBe('equal bits');
    expect(await page.locator('#work-note').isHidden()).toBe(true);
    // The newest is taken back: the state is cut, and the event before it is the newest again.
    await page
      .getByRole('button', { name: /^Remove/ })
      .first()
      .click();
    await compared(3);
    expect(await text('tokens')).toBe('1 of 3 tokens');
    expectEqual(await shown(page, 3), await inNode(built.hstu.checkpoint, [3, 4, 5]));
    // Starting again forgets the state.
    await page.getByRole('button', { name: 'Clear' }).click();
    await shown(page, 0);
    expect(await page.locator('#work').isHidden()).toBe(true);
    await page.evaluate("location.hash = '#history=t%2C3,t%2C4'");
    await compared(2);
    expect(await text('total')).toBe('2 of 2 so far');
    expect(await text('equal')).toBe('equal bits');
    expect(complaints).toEqual([]);
  });

  test('a model whose state cannot grow reads the whole history, and the page says why', async () => {
    const { page, complaints } = await open('features', { address: '#history=t%2C3,t%2C4' });
    expectEqual(await shown(page, 2), await inNode(built.features.checkpoint, [3, 4]));
    expect(await page.locator('#work').isHidden()).toBe(true);
    const reason = "'sasrec' reads further columns of the events here (features), which are not kept with a history";
    expect(await page.locator('#work-note').textContent()).toContain(reason);
    expect(await detail(page, 'State')).toContain(`not kept: ${reason}`);
    expect(await detail(page, 'Times')).toContain('the newest at the end');
    expect(complaints).toEqual([]);
  });

  test('300 events, one after the other, have the bits of the full pass in Chromium', async () => {
    const { files } = await bundle({ text: "export { Engine } from './engine.ts';" });
    for (const { path, contents } of files) writeFileSync(join(built.long.page, path), contents);
    const { page, complaints } = await open('long');
    await shown(page, 0);
    const { latestTime } = JSON.parse(readFileSync(join(built.long.page, 'page.json'), 'utf8')) as PageData;
    const history = Array.from({ length: 300 }, (_, i) => 1 + ((i * 7 + (i % 5)) % ITEMS));
    const found = await page.evaluate<{
      state: unknown;
      wrong: number[];
      answers: { items: Recommendation[]; tokens: { computed: number; full: number } }[];
    }>(`(async () => {
      const { Engine } = await import('/assets/stdin.js');
      const weights = new Uint8Array(await (await fetch('model.safetensors')).arrayBuffer());
      const engine = await Engine.start({ backend: 'simd' }, weights, { latestTime: ${latestTime} });
      const history = ${JSON.stringify(history)};
      const [wrong, answers] = [[], []];
      for (let n = 1; n <= history.length; n++) {
        const now = history.slice(0, n);
        const answer = await engine.answer(now, 10);
        const full = await engine.fullPass(now, 10);
        const check = await engine.check();
        if (!check.equal || JSON.stringify(answer.items) !== JSON.stringify(full.items)) wrong.push(n);
        answers.push(answer);
      }
      const { state } = engine.parts;
      engine.dispose();
      return { state, wrong, answers };
    })()`);
    expect(found.state).toEqual({ append: true, exact: 'bitwise' });
    expect(found.wrong).toEqual([]);
    expect(found.answers.map(({ tokens }) => tokens)).toEqual(
      history.map((_, i) => ({ computed: Math.min(i + 1, 2), full: i + 1 })),
    );
    const session = new Session(await loadModel(built.long.checkpoint), latestTime);
    for (const [i, { items }] of found.answers.entries()) {
      const node = await session.answer(history.slice(0, i + 1), 10);
      const named = (list: readonly Recommendation[]) => list.map(({ item, score }) => ({ item: String(item), score }));
      expectEqual(named(items), named(node.items));
    }
    session.dispose();
    expect(complaints).toEqual([]);
  });

  test('with a history of 2,000 events a click draws one entry, and the page stays free', async () => {
    const long = Array.from({ length: 2000 }, (_, i) => idOf((i * 7) % ITEMS));
    // One title has not been seen, so that there is something to click.
    const seen = long.map((id) => (id === idOf(9) ? idOf(8) : id));
    const { page, complaints } = await open('long', { address: `#history=${seen.map(encodeURIComponent).join(',')}` });
    await page.waitForSelector('body[data-compared="2000"]');
    const devTools = await page.context().newCDPSession(page);
    await devTools.send('Performance.enable', { timeDomain: 'threadTicks' });
    /** Milliseconds of the main thread for scripts, styles and layout. */
    const drawn = async () => {
      const { metrics } = await devTools.send('Performance.getMetrics');
      const own = metrics.filter(({ name }) => /^(Script|RecalcStyle|Layout)Duration$/.test(name));
      return own.reduce((sum, { value }) => sum + 1000 * value, 0);
    };
    await page.evaluate(`
      globalThis.made = 0;
      new MutationObserver((changes) => {
        for (const { addedNodes, removedNodes } of changes) made += addedNodes.length + removedNodes.length;
      }).observe(document.getElementById('history'), { childList: true });
    `);
    const before = await drawn();
    await page.locator('#next button').first().click();
    await page.waitForSelector('body[data-compared="2001"]');
    expect(await page.evaluate('made')).toBe(1);
    expect(await page.locator('#work-tokens').textContent()).toBe('2 of 2,001 tokens');
    expect(await page.locator('#work-equal').textContent()).toBe('equal bits');
    // Processor time, which other programs do not lengthen: below two frames, that of the comparison included.
    expect((await drawn()) - before).toBeLessThan(2 * (1000 / 60));
    expect(complaints).toEqual([]);
  });

  test("the worker is under the page's security policy", async () => {
    const { page } = await open('hstu');
    await shown(page, 0);
    const elsewhere = await servePage(built.hstu.page, { port: 0 });
    servers.push(elsewhere);
    const asked = (url: string) =>
      modelWorker(page).evaluate(`fetch('${url}', { mode: 'no-cors' }).then(() => 'answered', () => 'refused')`);
    expect(await asked(new URL('page.json', page.url()).href)).toBe('answered');
    expect(await asked(`${elsewhere.url}page.json`)).toBe('refused');
  });
});
