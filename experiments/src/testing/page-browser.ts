import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import type { Browser, Page, Worker } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { type PageServer, servePage } from '../report/page/serve.ts';
import { startChromium } from './chromium.ts';
import { type BuiltPage, buildPage, models, type Shown } from './ring-page.ts';

export async function shown(page: Page, length: number): Promise<Shown[]> {
  await page.waitForSelector(`body[data-answered="${length}"]`);
  return page
    .locator('#next li')
    .evaluateAll((entries) =>
      (entries as HTMLElement[]).map(({ dataset }) => ({ item: dataset.item!, score: Number(dataset.score) })),
    );
}

/** Puts code before the script that runs the model. */
export async function inWorkers(page: Page, code: string): Promise<void> {
  await page.route('**/assets/worker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${code}\n${await response.text()}` });
  });
}

/** The worker that runs the model; kernel threads are workers too. */
export function modelWorker(page: Page): Worker {
  const [worker] = page.workers();
  return worker;
}

export function expectEqual(page: readonly Shown[], node: readonly Shown[]): void {
  expect(page.map(({ item }) => item)).toEqual(node.map(({ item }) => item));
  for (const [i, { score }] of page.entries()) expect(Math.abs(score - node[i].score)).toBeLessThan(1e-5);
}

/** What the page says of itself under `term`. */
export const detail = (page: Page, term: string) => page.locator(`#details dt:text-is("${term}") + dd`).textContent();

/** What a page complains about from now on, or asks of another address. */
export function complaintsOf(page: Page, address: string): readonly string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium says so itself when a page looks for a GPU.
    if (message.text() !== 'No available adapters.') complaints.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !url.startsWith('data:') && !url.startsWith('blob:')) complaints.push(url);
  });
  return complaints;
}

/** The pages of all models and a browser, for the tests of a `describe`. */
export function pageBrowser() {
  const built: Record<string, BuiltPage> = {};
  const servers: PageServer[] = [];
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-page-'));

  beforeAll(async () => {
    await useBackend('simd');
    for (const name of Object.keys(models)) built[name] = await buildPage(name, folder);
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true });
  });

  /** Opens a page; whatever it complains about, or asks of another address, is in `complaints`. */
  async function open(
    name: string,
    { isolated = true, address = '', from = browser }: { isolated?: boolean; address?: string; from?: Browser } = {},
  ) {
    const server = await servePage(built[name].page, { port: 0, isolated });
    servers.push(server);
    const page = await from.newPage();
    const complaints = complaintsOf(page, server.url);
    await page.goto(server.url + address);
    return { page, complaints };
  }

  return { built, open, folder, servers, browser: () => browser };
}
