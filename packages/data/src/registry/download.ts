import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { temporaryName } from '../cache/atomic-write.ts';
import { DownloadError, OptionError } from '../errors.ts';
import { openZip } from '../sources/zip.ts';
import type { Checksum } from './entries.ts';
import { datasetEntry } from './registry.ts';

export interface DownloadProgress {
  readonly bytes: number;
  /** Absent when the server does not say. */
  readonly totalBytes?: number;
}

export interface DownloadOptions {
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  /** Another server; default: the publisher's. */
  readonly url?: string;
  /** Expected checksum; default: the registry's. `null` accepts any bytes. */
  readonly checksum?: Checksum | null;
}

/**
 * Fetches a known dataset into a folder. Nothing is ever downloaded unless this is called.
 *
 * The bytes go to a temporary file; only when their number, checksum and (for a zip) directory are right does it get
 * its name. A file that is already there is left alone.
 * @returns path of the file
 * @throws {DownloadError} `offline`, `bad-status`, `truncated`, `bad-checksum`,
 *   `not-an-archive`; nothing is left behind
 */
export async function download(name: string, dir: string, options: DownloadOptions = {}): Promise<string> {
  const entry = datasetEntry(name);
  const url = options.url ?? entry.url;
  if (url === undefined) {
    throw new OptionError('download', `expected a dataset with a download address; got "${name}"`, {
      code: 'no-download',
      key: 'name',
      hint: entry.obtain,
    });
  }
  const fileName = entry.url === undefined ? basename(new URL(url).pathname) : basename(new URL(entry.url).pathname);
  const path = join(dir, fileName);
  if (await stat(path).catch(() => undefined)) return path;
  await mkdir(dir, { recursive: true });
  const temporary = temporaryName(path);
  try {
    const checksum = options.checksum === undefined ? entry.checksum : (options.checksum ?? undefined);
    await fetchTo(temporary, url, checksum, options);
    if (path.endsWith('.zip')) await checkArchive(temporary, path, url);
    await rename(temporary, path);
    return path;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function fetchTo(
  path: string,
  url: string,
  checksum: Checksum | undefined,
  { onProgress, signal }: DownloadOptions,
): Promise<void> {
  const response = await fetch(url, signal === undefined ? {} : { signal }).catch((cause: unknown) => {
    throw failure(url, 'offline', `no answer from ${new URL(url).host}`, cause, signal);
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new DownloadError('download', `expected status 200; got ${response.status} from ${url}`, {
      code: 'bad-status',
      url,
    });
  }
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  // With a content encoding the length is that of the packed bytes.
  const encoded = (response.headers.get('content-encoding') ?? 'identity') !== 'identity';
  const totalBytes = Number.isFinite(length) && !encoded ? length : undefined;
  const hash = createHash(checksum?.algorithm ?? 'sha256');
  const file = await open(path, 'wx');
  let bytes = 0;
  try {
    for await (const chunk of response.body) {
      hash.update(chunk);
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
      bytes += chunk.length;
      onProgress?.({ bytes, ...(totalBytes === undefined ? {} : { totalBytes }) });
    }
    await file.sync();
  } catch (cause) {
    throw failure(url, 'truncated', `the connection broke after ${bytes} bytes`, cause, signal);
  } finally {
    await file.close();
  }
  if (totalBytes !== undefined && bytes !== totalBytes) {
    throw failure(url, 'truncated', `expected ${totalBytes} bytes; got ${bytes}`, undefined, signal);
  }
  const digest = hash.digest('hex');
  if (checksum !== undefined && digest !== checksum.hex) {
    throw new DownloadError('download', `expected ${checksum.algorithm} ${checksum.hex}; got ${digest} from ${url}`, {
      code: 'bad-checksum',
      url,
      hint: 'the file was changed on the way or republished; nothing was kept',
    });
  }
}

function failure(
  url: string,
  code: 'offline' | 'truncated',
  problem: string,
  cause: unknown,
  signal: AbortSignal | undefined,
): DownloadError {
  const reason = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : '';
  return new DownloadError('download', `${problem}${reason === '' ? '' : ` (${reason})`}`, {
    code: signal?.aborted ? 'aborted' : code,
    url,
    hint: `fetch ${url} by hand and put it in the data folder`,
    cause,
  });
}

/** An error page with status 200 is not a dataset. */
async function checkArchive(temporary: string, path: string, url: string): Promise<void> {
  try {
    (await openZip(temporary)).close();
  } catch (cause) {
    throw new DownloadError('download', `expected a zip archive as ${basename(path)}; got something else from ${url}`, {
      code: 'not-an-archive',
      url,
      cause,
    });
  }
}
