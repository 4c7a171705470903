import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError } from '../errors.ts';
import type { FileSet } from './file-set.ts';
import { gunzipped, isGzip } from './gunzip.ts';
import { openZip } from './zip.ts';

/** Deepest folder level that is listed: a published archive unpacked by hand often has one folder more. */
const listedDepth = 2;

/** @throws {DataError} `missing-file` when there is nothing at `path` */
export async function openFiles(path: string): Promise<FileSet> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new DataError('openFiles', 'expected a file, zip or folder; got nothing there', {
      code: 'missing-file',
      file: path,
      hint: 'check the path (--data.path; a run reads its data where they were when it was trained), or download the data set first',
      cause,
    });
  });
  if (info.isDirectory()) return folder(path);
  if (/\.zip$/i.test(path)) return openZip(path);
  if (info.size === 0) throw emptyFile(path);
  return {
    kind: 'file',
    path,
    names: [basename(path)],
    size: () => info.size,
    chunks: () => fileChunks(path),
    place: () => ({ file: path }),
    close: () => {},
  };
}

export function emptyFile(file: string, entry?: string): DataError {
  return new DataError('openFiles', 'expected rows; got an empty file', {
    code: 'empty-file',
    file,
    ...(entry === undefined ? {} : { entry }),
  });
}

async function folder(path: string): Promise<FileSet> {
  const sizes = new Map<string, number>();
  const list = async (prefix: string, depth: number): Promise<void> => {
    for (const item of await readdir(join(path, prefix), { withFileTypes: true })) {
      const name = prefix === '' ? item.name : `${prefix}/${item.name}`;
      if (item.isDirectory() && depth < listedDepth) await list(name, depth + 1);
      else if (item.isFile() || item.isSymbolicLink()) {
        const info = await stat(join(path, name)).catch(() => undefined);
        if (info?.isFile()) sizes.set(name, info.size);
      }
    }
  };
  await list('', 1);
  return {
    kind: 'folder',
    path,
    names: [...sizes.keys()].sort(),
    size: (name) => sizes.get(name) ?? 0,
    chunks: (name) => fileChunks(join(path, name)),
    place: (name) => ({ file: join(path, name) }),
    close: () => {},
  };
}

function fileChunks(path: string): AsyncGenerator<Uint8Array> {
  return isGzip(path) ? gunzipped(ownBytes(path), { file: path }) : ownBytes(path);
}

async function* ownBytes(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  try {
    for await (const chunk of file) yield chunk as Uint8Array;
  } catch (cause) {
    throw new DataError('openFiles', 'the file cannot be read', {
      code: 'unreadable-file',
      file: path,
      hint: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  } finally {
    file.destroy();
  }
}

/** A whole small file as text: UTF-8 if it is valid UTF-8, else latin-1 (MovieLens before 2015). BOM removed. */
export async function readText(files: FileSet, name: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of files.chunks(name)) parts.push(chunk);
  const bytes = Buffer.concat(parts);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not `TextDecoder('latin1')`, which means windows-1252 and would turn 0x80-0x9f into other letters.
    return bytes.toString('latin1');
  }
}
