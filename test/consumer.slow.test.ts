// The packed packages with npm alone, and through Vite in a browser.

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, hasChromium, startChromium } from '../experiments/src/testing/chromium.ts';
import { lastLine, type Output, type Packed, packAll, program, project, recommender, run } from './packed.ts';

const VITE = '8.3.4';
const manifest = { name: 'consumer', private: true, type: 'module' };
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

let packed: Packed;
beforeAll(() => {
  packed = packAll();
});
afterAll(() => packed?.remove());

function npmInstall(place: string, more: readonly string[] = []): void {
  run('npm', ['install', '--no-audit', '--no-fund', ...Object.values(packed.tarballs), ...more], place);
}

interface Said {
  readonly backend: string;
  readonly threads: number;
  readonly items: readonly { readonly item: number; readonly score: number }[];
}

it('npm installs them, and they train', () => {
  const place = project(packed, 'npm', { 'package.json': JSON.stringify(manifest), 'train.js': program });
  npmInstall(place);
  const { backend, losses, metrics } = lastLine<Output>(run(process.execPath, ['train.js'], place));
  expect(backend).toBe('simd');
  expect(losses.at(-1)).toBeLessThan(losses[0]);
  expect(metrics['HR@10']).toBeGreaterThan(0);
});

if (!hasChromium) console.log(`no Chromium at ${chromiumPath} (SEQREC_CHROMIUM names another): the bundle is not run`);

describe('Vite', () => {
  let place: string;
  beforeAll(() => {
    place = project(packed, 'vite', {
      'package.json': JSON.stringify(manifest),
      'index.html':
        '<!doctype html><title>recommend</title><body><script type="module" src="/recommend.js"></script></body>',
      'recommend.js': recommender,
      // Top-level await.
      'vite.config.js': "export default { build: { target: 'es2022' } };",
    });
    npmInstall(place, [`vite@${VITE}`]);
    run(process.execPath, ['node_modules/vite/bin/vite.js', 'build'], place);
  });

  it.skipIf(!hasChromium).each([true, false])(
    'bundles what a page computes as Node does, with its headers for threads: %s',
    async (isolated) => {
      const node = lastLine<Said>(run(process.execPath, ['recommend.js'], place));
      const server = await serve(join(place, 'dist'), isolated);
      const browser = await startChromium();
      try {
        const page = await browser.newPage();
        const failures: string[] = [];
        page.on('pageerror', (error) => failures.push(error.message));
        await page.goto(`http://127.0.0.1:${(server.address() as { port: number }).port}/`);
        const body = page.locator('body', { hasText: 'items' });
        const said = lastLine<Said>((await body.textContent({ timeout: 120_000 })) ?? '').items;
        expect(failures).toEqual([]);
        expect(said.map(({ item }) => item)).toEqual(node.items.map(({ item }) => item));
        for (const [i, { score }] of said.entries()) expect(Math.abs(score - node.items[i].score)).toBeLessThan(1e-5);
        const { threads } = lastLine<Said>((await body.textContent()) ?? '');
        expect(threads > 1).toBe(isolated);
      } finally {
        await browser.close();
        server.close();
      }
    },
  );
});

function serve(folder: string, isolated: boolean): Promise<Server> {
  const headers = isolated
    ? { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
    : {};
  const server = createServer(({ url = '/' }, response) => {
    try {
      const file = url === '/' ? '/index.html' : new URL(url, 'http://page').pathname;
      const body = readFileSync(join(folder, file));
      response.writeHead(200, { ...headers, 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
