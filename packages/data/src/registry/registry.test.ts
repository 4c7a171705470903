import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { filesBelow, temporaryFolder, tinyMl1m, zipBytes } from '../../test/fixtures.ts';
import {
  DataError,
  DownloadError,
  datasetEntry,
  datasetNames,
  download,
  findDataset,
  loadNamedDataset,
  OptionError,
} from '../index.ts';

const archive = zipBytes(tinyMl1m);
const checksum = { algorithm: 'sha256', hex: createHash('sha256').update(archive).digest('hex') } as const;
let server: Server | undefined;

/** A server on 127.0.0.1 with one answer; returns its address. */
async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((done) => started.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/ml-1m.zip`;
}

afterEach(async () => {
  const running = server;
  server = undefined;
  running?.closeAllConnections();
  if (running !== undefined) await new Promise((done) => running.close(done));
});

describe('download', () => {
  const whole: RequestListener = (_request, response) => {
    response.setHeader('content-length', archive.length);
    response.end(archive);
  };

  it('fetches, checks and names the file, with progress, and does not fetch it twice', async () => {
    const dir = join(temporaryFolder(), 'new', 'folder');
    let requests = 0;
    const url = await serve((request, response) => {
      requests++;
      whole(request, response);
    });
    const seen: unknown[] = [];
    const options = { url, checksum, onProgress: (p: unknown) => seen.push(p) };
    const path = await download('ml-1m', dir, options);
    expect(path).toBe(join(dir, 'ml-1m.zip'));
    expect(readFileSync(path)).toEqual(archive);
    expect(seen.at(-1)).toEqual({ bytes: archive.length, totalBytes: archive.length });
    expect(await download('ml-1m', dir, options)).toBe(path);
    expect(requests).toBe(1);
    expect(filesBelow(dir)).toEqual(['ml-1m.zip']);
  });

  const failures: readonly {
    name: string;
    answer: RequestListener;
    code: string;
    says: string;
    anyBytes?: boolean;
  }[] = [
    {
      name: 'a wrong checksum',
      answer: (_request, response) => response.end(Buffer.concat([archive, Buffer.from('x')])),
      code: 'bad-checksum',
      says: `expected sha256 ${checksum.hex}; got`,
    },
    {
      name: 'a body that ends early',
      answer: (_request, response) => {
        response.setHeader('content-length', archive.length);
        response.write(archive.subarray(0, 100), () => response.destroy());
      },
      code: 'truncated',
      says: 'the connection broke after',
    },
    {
      name: 'an error status',
      answer: (_request, response) => {
        response.statusCode = 404;
        response.end('no');
      },
      code: 'bad-status',
      says: 'expected status 200; got 404',
    },
    {
      name: 'a page instead of an archive',
      answer: (_request, response) => response.end('<html>log in first</html>'),
      code: 'not-an-archive',
      says: 'expected a zip archive as ml-1m.zip',
      anyBytes: true,
    },
  ];

  it.each(failures)('leaves nothing behind after $name', async ({ answer, code, says, anyBytes }) => {
    const dir = temporaryFolder();
    const url = await serve(answer);
    const error = await download('ml-1m', dir, { url, checksum: anyBytes ? null : checksum }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DownloadError);
    expect(error).toMatchObject({ code, url, name: 'DownloadError' });
    expect((error as Error).message).toContain(says);
    expect(filesBelow(dir)).toEqual([]);
  });

  it('says so when nobody answers', async () => {
    const dir = temporaryFolder();
    const url = await serve(whole);
    await new Promise((done) => server?.close(done));
    server = undefined;
    const error = await download('ml-1m', dir, { url }).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'DownloadError', code: 'offline', url });
    expect((error as Error).message).toContain(`fetch ${url} by hand and put it in the data folder`);
    expect(filesBelow(dir)).toEqual([]);
  });

  it('stops when told to', async () => {
    const dir = temporaryFolder();
    const stop = new AbortController();
    const url = await serve((_request, response) => {
      response.write(archive.subarray(0, 50), () => stop.abort());
    });
    await expect(download('ml-1m', dir, { url, signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(filesBelow(dir)).toEqual([]);
  });

  it('refuses a dataset that cannot be downloaded, and says how to get it', async () => {
    await expect(download('amazon-beauty', temporaryFolder())).rejects.toMatchObject({
      name: 'OptionError',
      code: 'no-download',
      message:
        'download: expected a dataset with a download address; got "amazon-beauty"; prepare a folder with ' +
        'interactions.tsv (user, item, timestamp) and items.tsv',
    });
  });
});

describe('the registry', () => {
  it('has entries with distinct names and file names, and well-formed checksums', () => {
    expect(new Set(datasetNames()).size).toBe(datasetNames().length);
    for (const name of datasetNames()) {
      const { checksum: sum, files, url, obtain } = datasetEntry(name);
      expect(files.length).toBeGreaterThan(0);
      expect(url ?? obtain).toBeDefined();
      if (sum !== undefined) expect(sum.hex).toMatch(sum.algorithm === 'md5' ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{64}$/);
      if (url !== undefined) expect(files).toContain(url.slice(url.lastIndexOf('/') + 1));
    }
  });

  it('finds a dataset as a zip or a folder, and says how to get a missing one', async () => {
    const dir = temporaryFolder();
    await expect(findDataset('ml-1m', dir)).rejects.toThrow(
      `findDataset: ${dir}: expected ml-1m.zip or ml-1m; got none of them; download("ml-1m", dir) fetches https://`,
    );
    mkdirSync(join(dir, 'ml-1m'));
    expect(await findDataset('ml-1m', dir)).toEqual({ format: 'movielens', path: join(dir, 'ml-1m'), name: 'ml-1m' });
    writeFileSync(join(dir, 'ml-1m.zip'), archive);
    expect((await findDataset('ml-1m', dir)).path).toBe(join(dir, 'ml-1m.zip'));
  });

  it('lists the known names for an unknown one', async () => {
    await expect(findDataset('ml-1b', '.')).rejects.toThrow(OptionError);
    expect(() => datasetEntry('ml-1b')).toThrow('datasetEntry: expected one of ml-100k, ml-1m, ');
  });

  it('refuses a file that is not of the published size, unless told not to look', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'ml-1m.zip'), archive);
    const error = await loadNamedDataset('ml-1m', dir).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ code: 'unexpected-counts', file: join(dir, 'ml-1m.zip') });
    expect((error as Error).message).toContain('expected 6040 users, 3883 items and 1000209 events; got 2, 4 and 4');
    expect((await loadNamedDataset('ml-1m', dir, { checkCounts: false })).numEvents).toBe(4);
  });
});
