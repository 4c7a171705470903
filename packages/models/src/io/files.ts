import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SeqrecError } from '@seqrec/core';
import { CheckpointError } from '../errors.ts';

/** One write or read call moves at most this many bytes; the system's limit is 2 GiB. */
const CHUNK_BYTES = 2 ** 28;

/**
 * Replaces a file all at once: a reader, or a crash at any moment, sees the old content or the new one. Writes a
 * temporary file beside it, flushes it to the disk, renames it, flushes the folder.
 *
 * @param content the pieces of the file, or a function that writes them.
 * @throws CheckpointError with the cause, for example no space left, or the error of `content`; the
 *   temporary file is removed.
 */
export async function writeFileAtomic(
  file: string,
  content: readonly Uint8Array[] | ((handle: FileHandle) => Promise<void>),
): Promise<void> {
  const folder = dirname(file);
  const temporary = join(folder, `.${basename(file)}.${process.pid}.tmp`);
  try {
    // From the root on: Node tries for ever where a removed working directory stands before a relative path.
    await mkdir(resolve(folder), { recursive: true });
    const handle = await open(temporary, 'w');
    try {
      if (typeof content === 'function') await content(handle);
      else for (const piece of content) await writeAll(handle, piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(folder);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    // What the content has to say, for example that the GPU with the weights is gone, keeps its type.
    if (error instanceof SeqrecError) throw error;
    const { message } = error as Error;
    throw new CheckpointError(`checkpoint: ${file}: expected to write the file; ${message}`, file, { cause: error });
  }
}

/** Writes all bytes from `position` on, else from the handle's own. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const place = position === undefined ? null : position + at;
    const { bytesWritten } = await handle.write(bytes, at, Math.min(CHUNK_BYTES, bytes.length - at), place);
    at += bytesWritten;
  }
}

/** Reads `length` bytes from `position`; fewer at the end of the file. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK_BYTES, length - at), position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/** Reads a whole file, also above 2 GiB. @throws CheckpointError when it cannot be read. */
export async function readWholeFile(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      return await readAt(handle, 0, size);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { message } = error as Error;
    throw new CheckpointError(`checkpoint: ${file}: expected a readable file; ${message}`, file, { cause: error });
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders; the rename is durable there without it.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
