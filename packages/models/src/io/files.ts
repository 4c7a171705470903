import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../errors.ts';

/** One write or read call moves at most this many bytes; the system's limit is 2 GiB. */
const CHUNK_BYTES = 2 ** 28;

/**
 * Replaces a file all at once: a reader, or a crash at any moment, sees the old content or the new one. Writes a temporary
 * file beside it, flushes it to the disk, renames it, flushes the folder.
 *
 * @throws CheckpointError with the cause, for example no space left; the temporary file is removed.
 */
export async function writeFileAtomic(file: string, pieces: readonly Uint8Array[]): Promise<void> {
  const folder = dirname(file);
  const temporary = join(folder, `.${basename(file)}.${process.pid}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(temporary, 'w');
    try {
      for (const piece of pieces) {
        for (let at = 0; at < piece.length; ) {
          const { bytesWritten } = await handle.write(piece, at, Math.min(CHUNK_BYTES, piece.length - at));
          at += bytesWritten;
        }
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(folder);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    const { message } = error as Error;
    throw new CheckpointError(`checkpoint: ${file}: expected to write the file; ${message}`, file, { cause: error });
  }
}

/** Reads a whole file, also above 2 GiB. @throws CheckpointError when it cannot be read. */
export async function readWholeFile(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const bytes = new Uint8Array(size);
      let at = 0;
      while (at < size) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK_BYTES, size - at));
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return bytes.subarray(0, at);
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
