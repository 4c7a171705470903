import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, type Recommendation, recommend } from '@seqrec/models';
import { describe, expect, test } from 'vitest';
import { chromiumPath, hasChromium, startChromium } from '../../testing/chromium.ts';
import { detail, expectEqual, inWorkers, modelWorker, pageBrowser, shown } from '../../testing/page-browser.ts';
import { ITEMS, idOf, inNode, interactions, LENGTH, models } from '../../testing/ring-page.ts';
import { runCli, startCli, tinyRecipe } from '../../testing/run-cli.ts';
import { bundle } from './bundle.ts';
import type { PageData } from './page-data.ts';
import { servePage } from './serve.ts';

test('the command writes, serves and ends with Ctrl-C', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'seqrec-page-command-'));
  const trained = await runCli(['train', ...tinyRecipe, '--epochs', '1'], cwd);
  expect(trained, trained.stderr).toMatchObject({ code: 0 });
  const { child, ended } = startCli(['page', 'latest', '--port', '0'], cwd);
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      output += chunk;
      const [found] = /http:\/\/127\.0\.0\.1:\d+\//.exec(output) ?? [];
      if (found) resolve(found);
    });
    child.on('exit', () => reject(new Error(output)));
  });
  expect(output).toMatch(/page: script and kernels .* gzipped\), weights /);
  const { ids, titles } = (await (await fetch(`${url}page.json`)).json()) as PageData;
  expect([ids.length, titles[0]]).toEqual([300, null]);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 0, signal: null });

  const taken = await runCli(['page', 'latest', '--to', 'runs'], cwd);
  expect(taken.stderr).toContain('--to: expected an empty folder, a page to replace, or a new place');
  expect(taken.code).toBe(2);
  const written = await runCli(['page', 'latest', '--to', 'site', '--no-serve'], cwd);
  expect(written, written.stderr).toMatchObject({ code: 0 });
  expect(existsSync(join(cwd, 'site/index.html'))).toBe(true);
  rmSync(cwd, { recursive: true });
});

if (!hasChromium) console.log(`no Chromium at ${chromiumPath} (SEQREC_CHROMIUM names another): the page is not tested`);

describe.skipIf(!hasChromium)('the page in Chromium', () => {
  const { built, open, folder, browser, servers } = pageBrowser();

  test.each(Object.keys(models))(
    '%s: clicks and keys give the recommendations of Node, on all threads',
    async (name) => {
      const { page, complaints } = await open(name);
      expect(await shown(page, 0)).toHaveLength(8);
      expect(await page.evaluate('crossOriginIsolated')).toBe(true);
      const threads = await page.evaluate('navigator.hardwareConcurrency');
      expect(await detail(page, 'Threads')).toBe(String(Math.min(16, Number(threads))));

      // By keyboard: words in any order, without accents.
      await page.getByRole('combobox', { name: 'Search titles' }).pressSequentially('fabuleux amelie');
      await page.keyboard.press('Enter');
      expectEqual(await shown(page, 1), await inNode(built[name].checkpoint, [7]));
      await page.getByRole('combobox', { name: 'Search titles' }).pressSequentially('part 2');
      await page.keyboard.press('ArrowDown');
      const second = (await page.locator('#found [aria-selected=true]').getAttribute('data-item'))!;
      await page.keyboard.press('Enter');
      const chosen = Number(interactions.items.external(Number(second)).slice(2));
      const two = await shown(page, 2);
      expectEqual(two, await inNode(built[name].checkpoint, [7, chosen]));
      expect(await page.locator('#status').textContent()).toMatch(/^10 titles in \d+\.\d ms on simd, \d+ threads?$/);

      // By mouse: a found title, a recommended one, and one taken out again.
      await page.getByLabel('Search titles').fill('(1990');
      await page.getByRole('option', { name: 'Part 40' }).click();
      expectEqual(await shown(page, 3), await inNode(built[name].checkpoint, [7, chosen, 40]));
      const best = (await shown(page, 3))[0].item;
      await page.locator('#next button').first().click();
      const four = [7, chosen, 40, Number(best.slice(2))];
      expectEqual(await shown(page, 4), await inNode(built[name].checkpoint, four));
      await page.getByRole('button', { name: /^Remove Amélie, "Le" <b>Fabuleux<\/b>/ }).click();
      expectEqual(await shown(page, 3), await inNode(built[name].checkpoint, four.slice(1)));

      // The address holds the history.
      await page.reload();
      expectEqual(await shown(page, 3), await inNode(built[name].checkpoint, four.slice(1)));
      await page.getByRole('button', { name: 'Clear' }).click();
      expect(await shown(page, 0)).toHaveLength(8);
      expect(new URL(page.url()).hash).toBe('');
      expect(complaints).toEqual([]);
    },
  );

  test('a score is a product, and no share of 1, where the model has products', async () => {
    const { page, complaints } = await open('dot', { address: '#history=t%2C3,t%2C4' });
    await shown(page, 2);
    const score = page.locator('#next .score').first();
    expect(await score.getAttribute('title')).toMatch(/^product -?\d+\.\d+$/);
    expect(await score.locator('.bar').count()).toBe(0);
    expect(await detail(page, 'Score')).toMatch(/^the product of the vectors/);
    const { page: cosines } = await open('hstu', { address: '#history=t%2C3,t%2C4' });
    await shown(cosines, 2);
    expect(await cosines.locator('#next .score').first().getAttribute('title')).toMatch(/^cosine 0?\.\d+$/);
    expect(await cosines.locator('#next .bar').count()).toBe(10);
    expect(await detail(cosines, 'Score')).toMatch(/^the cosine/);
    expect(complaints).toEqual([]);
  });

  test('a history longer than the model reads', async () => {
    const long = Array.from({ length: LENGTH + 4 }, (_, i) => (i * 7) % ITEMS);
    const address = `#history=${long.map((i) => encodeURIComponent(idOf(i))).join(',')}`;
    const { page, complaints } = await open('hstu', { address });
    expectEqual(await shown(page, long.length), await inNode(built.hstu.checkpoint, long));
    expect(await page.locator('#history-note').textContent()).toBe(`The model reads the latest ${LENGTH}.`);
    expect(complaints).toEqual([]);
  });

  test('without isolation one thread gives the same, and the page says why', async () => {
    const { page, complaints } = await open('hstu', { isolated: false, address: '#history=t%2C3,t%2C4' });
    expectEqual(await shown(page, 2), await inNode(built.hstu.checkpoint, [3, 4]));
    expect(await page.evaluate('crossOriginIsolated')).toBe(false);
    expect(await detail(page, 'Threads')).toMatch(/^1: the page is not cross-origin isolated; more threads need it/);
    expect(complaints).toEqual([]);
  });

  test('the backend can be changed, and one that does not exist is said', async () => {
    const { page, complaints } = await open('hstu', { address: '?backend=gpu#history=t%2C3' });
    const node = await inNode(built.hstu.checkpoint, [3]);
    expectEqual(await shown(page, 1), node);
    expect(await page.getByRole('alert').textContent()).toBe("?backend: expected one of simd, webgpu, cpu; got 'gpu'");
    await page.getByLabel('Backend').selectOption('cpu');
    await page.locator('#status:has-text(" ms on cpu")').waitFor();
    expectEqual(await shown(page, 1), node);
    await page.getByLabel('Backend').selectOption('simd');
    await page.locator('#status:has-text(" ms on simd")').waitFor();
    expectEqual(await shown(page, 1), node);
    expect(complaints).toEqual([]);
  });

  test('ids that the data do not have are said, until an address has none', async () => {
    const { page, complaints } = await open('hstu', { address: '#history=t%2C3,nope' });
    expectEqual(await shown(page, 1), await inNode(built.hstu.checkpoint, [3]));
    const alert = page.getByRole('alert');
    expect(await alert.textContent()).toMatch(/^#history: expected ids of \S+; got 'nope', left out of the history$/);
    await page.evaluate("location.hash = '#history=t%2C3,t%2C4'");
    await shown(page, 2);
    expect(await alert.isHidden()).toBe(true);
    expect(complaints).toEqual([]);
  });

  test('on webgpu, where Chromium has an adapter', async (context) => {
    const gpu = await startChromium({ webgpu: true });
    try {
      const { page, complaints } = await open('hstu', { from: gpu });
      // In software its programs take long to compile.
      page.setDefaultTimeout(200_000);
      // So that the test can take devices away.
      await inWorkers(
        page,
        `{
        const prototype = globalThis.GPUAdapter?.prototype;
        const request = prototype?.requestDevice;
        globalThis.devices = [];
        if (request) prototype.requestDevice = async function (...given) {
          const device = await request.apply(this, given);
          devices.push(device);
          return device;
        };
      }`,
      );
      await page.goto(`${page.url()}#history=t%2C3,t%2C4,t%2C5`);
      await page.reload();
      const node = await inNode(built.hstu.checkpoint, [3, 4, 5]);
      expectEqual(await shown(page, 3), node);
      if (await page.locator('option[value=webgpu]').isDisabled()) context.skip('this Chromium offers no adapter');
      await page.getByLabel('Backend').selectOption('webgpu');
      await page.locator('#status:has-text(" ms on webgpu")').waitFor();
      console.log(`webgpu on ${await detail(page, 'Adapter')}: ${await page.locator('#status').textContent()}`);
      expectEqual(await shown(page, 3), node);

      // A device that went away is replaced.
      await page.waitForSelector('body[data-compared="3"]');
      const before = modelWorker(page);
      expect(await before.evaluate('devices.length')).toBe(1);
      await before.evaluate('devices[0].destroy()');
      await page
        .getByRole('button', { name: /^Remove/ })
        .first()
        .click();
      expectEqual(await shown(page, 2), await inNode(built.hstu.checkpoint, [3, 4]));
      expect(await page.locator('#status').textContent()).toMatch(/ ms on webgpu$/);
      expect(modelWorker(page)).not.toBe(before);
      expect(await modelWorker(page).evaluate('devices.length')).toBe(1);
      expect(complaints).toEqual([]);
    } finally {
      await gpu.close();
    }
  });

  test('without memory to share, auto takes plain JavaScript and the page says why', async () => {
    const server = await servePage(built.hstu.page, { port: 0 });
    servers.push(server);
    const page = await browser().newPage();
    await inWorkers(page, 'WebAssembly.Memory = function () { throw new RangeError("none left"); };');
    await page.goto(`${server.url}#history=t%2C3`);
    expectEqual(await shown(page, 1), await inNode(built.hstu.checkpoint, [3]));
    expect(await page.locator('#status').textContent()).toMatch(/ ms on cpu$/);
    expect(await detail(page, 'Not simd')).toContain('expected shared WebAssembly memory of at least 64 MiB');
  });

  test('in a worker of a page the model gives the same, with threads', async () => {
    const { files } = await bundle({
      text: `import { useBackend } from '@seqrec/core';
import { modelFromBytes, recommend } from '@seqrec/models';
const { name, details } = await useBackend('auto');
const model = await modelFromBytes(new Uint8Array(await (await fetch('/model.safetensors')).arrayBuffer()));
const items = await recommend({ model, history: [4, 5], timestamps: [0, 60], k: 10 });
postMessage({ name, threads: details.threads, items });`,
    });
    const site = join(folder, 'worker');
    mkdirSync(join(site, 'assets'), { recursive: true });
    for (const { path, contents } of files) writeFileSync(join(site, path), contents);
    copyFileSync(join(built.hstu.page, 'model.safetensors'), join(site, 'model.safetensors'));
    writeFileSync(join(site, 'index.html'), '<!doctype html>');
    const server = await servePage(site, { port: 0 });
    servers.push(server);
    const page = await browser().newPage();
    await page.goto(server.url);
    const answer = await page.evaluate<{
      name: string;
      threads: number;
      items: Recommendation[];
    }>(`new Promise((resolve, reject) => {
      const worker = new Worker('/assets/stdin.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    })`);
    const model = await loadModel(built.hstu.checkpoint);
    const expected = await recommend({ model, history: [4, 5], timestamps: [0, 60], k: 10 });
    model.dispose();
    expect(answer).toMatchObject({ name: 'simd' });
    expect(answer.threads).toBe(Math.min(16, Number(await page.evaluate('navigator.hardwareConcurrency'))));
    const named = (items: readonly Recommendation[]) => items.map(({ item, score }) => ({ item: String(item), score }));
    expectEqual(named(answer.items), named(expected));
  });

  test.each(['light', 'dark'] as const)(
    '%s: rules of accessibility hold, on a wide and on a narrow screen',
    async (colorScheme) => {
      const server = await servePage(built.hstu.page, { port: 0 });
      servers.push(server);
      const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
      for (const width of [1280, 400]) {
        // The checker is put into the page, which the page's own policy forbids.
        const context = await browser().newContext({ bypassCSP: true, colorScheme, viewport: { width, height: 800 } });
        const page = await context.newPage();
        const check = async (what: string) => {
          await page.evaluate(axe);
          const found = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>('axe.run()');
          const violations = found.violations.map(({ id, nodes }) => [what, id, ...nodes.map(({ html }) => html)]);
          expect(violations).toEqual([]);
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        };
        await page.goto(server.url);
        await shown(page, 0);
        await check('start');
        await page.getByLabel('Search titles').fill('part');
        await check('search');
        await page.keyboard.press('Enter');
        await shown(page, 1);
        await page.getByText('How this is computed').click();
        await page.getByLabel('Search titles').fill('nothing like it');
        await check('answer');
        await context.close();
      }
    },
  );

  test('a damaged checkpoint is told', async () => {
    const server = await servePage(built.hstu.page, { port: 0 });
    servers.push(server);
    const page = await browser().newPage();
    await page.route('**/model.safetensors', async (route) => {
      const body = await (await route.fetch()).body();
      body[body.length - 2] ^= 1;
      await route.fulfill({ body });
    });
    await page.goto(server.url);
    await page.locator('#problem:visible').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(/expected '.+' with the stored checksum/);
  });
});
