import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** A name beside `path` that no other process uses. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
}

/**
 * Writes a file whole or not at all: a temporary file beside it, then renamed over it.
 *
 * It is not flushed to the disk before: after a failure of the machine it may be damaged, which whoever reads it must
 * find by checksums, as a cache is made anew.
 */
export async function writeAtomically(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  // From the root on: Node tries for ever where a removed working directory stands before a relative path.
  await mkdir(resolve(dirname(path)), { recursive: true });
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const part of parts) {
        // A single write may take less than it was given.
        for (let at = 0; at < part.length; ) at += (await file.write(part, at)).bytesWritten;
      }
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
