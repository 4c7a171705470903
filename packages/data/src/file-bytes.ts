import { closeSync, openSync, readSync } from 'node:fs';

/** Most bytes that one call of the system is asked for: it takes less than 2 GiB. */
const chunkBytes = 1 << 28;

/** Opens a file for reading, and closes it. */
export function withFile<T>(path: string, use: (file: number) => T): T {
  const file = openSync(path, 'r');
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Bytes `[from, to)` in a buffer of their own, any number; fewer where the file ends. */
export function readBytes(file: number, from: number, to: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(to - from);
  for (let at = 0; at < bytes.length; ) {
    const got = readSync(file, bytes, at, Math.min(chunkBytes, bytes.length - at), from + at);
    if (got === 0) return bytes.slice(0, at);
    at += got;
  }
  return bytes;
}
