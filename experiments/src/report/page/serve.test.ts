import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.ts';
import { type PageServer, servePage } from './serve.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-serve-'));
let server: PageServer;

beforeAll(async () => {
  mkdirSync(join(folder, 'page/assets'), { recursive: true });
  writeFileSync(join(folder, 'page/index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'page/assets/a.wasm'), 'kernels');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'page/link.txt'));
  server = await servePage(join(folder, 'page'), { port: 0 });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** The status of a path exactly as written; `fetch` would tidy it. */
function statusOf(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('servePage', () => {
  it('serves files with their types and the headers of isolation', async () => {
    const page = await fetch(server.url);
    expect(await page.text()).toBe('<!doctype html>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    const kernels = await fetch(`${server.url}assets/a.wasm?x=1`);
    expect([kernels.headers.get('content-type'), kernels.headers.get('content-length')]).toEqual([
      'application/wasm',
      '7',
    ]);
    const head = await fetch(`${server.url}assets/a.wasm`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it.each([
    '/absent',
    '/assets',
    '/assets/',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/link.txt',
    '/%',
    '/a%00b',
  ])('has nothing at %s', async (path) => expect(await statusOf(path)).toBe(404));

  it('answers no other method', async () => {
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
  });

  it('goes on when browsers close connections early', async () => {
    const failures: unknown[] = [];
    const note = (error: unknown) => failures.push(error);
    process.on('unhandledRejection', note);
    for (let i = 0; i < 50; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
          socket.write('GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n', () => {
            socket.resetAndDestroy();
            resolve();
          });
        });
        socket.on('error', () => undefined);
      });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect((await fetch(server.url)).status).toBe(200);
    process.off('unhandledRejection', note);
    expect(failures).toEqual([]);
  });

  it('can leave isolation out, as a plain host does', async () => {
    const plain = await servePage(join(folder, 'page'), { port: 0, isolated: false });
    expect((await fetch(plain.url)).headers.get('cross-origin-opener-policy')).toBeNull();
    await plain.close();
  });

  it('says that a port is taken', async () => {
    const port = Number(new URL(server.url).port);
    const second = servePage(join(folder, 'page'), { port });
    await expect(second).rejects.toThrow(UsageError);
    await expect(second).rejects.toThrow(
      `--port: expected a port that is free; got ${port} (EADDRINUSE); choose another, or 0`,
    );
  });
});
