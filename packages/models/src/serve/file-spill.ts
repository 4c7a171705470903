import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAll } from '../io/files.ts';
import type { Spill } from './user-states.ts';

interface Place {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Keys and values of evicted users in one file, which is made anew and removed at the end: what is in it is of these
 * weights alone. Places of users that came back are used again, the first that is large enough.
 */
export async function fileSpill(path: string): Promise<Spill & { close(): Promise<void> }> {
  await mkdir(dirname(path), { recursive: true });
  const file: FileHandle = await open(path, 'w+');
  const places = new Map<string, Place>();
  const free: Place[] = [];
  let end = 0;

  function place(bytes: number): Place {
    const found = free.findIndex((hole) => hole.bytes >= bytes);
    if (found >= 0) {
      const [hole] = free.splice(found, 1);
      if (hole.bytes > bytes) free.push({ at: hole.at + bytes, bytes: hole.bytes - bytes });
      return { at: hole.at, bytes };
    }
    end += bytes;
    return { at: end - bytes, bytes };
  }

  const remove = (user: string): void => {
    const old = places.get(user);
    if (old !== undefined) free.push(old);
    places.delete(user);
  };

  return {
    async write(user, values) {
      remove(user);
      const target = place(values.byteLength);
      try {
        await writeAll(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), target.at);
      } catch (error) {
        free.push(target);
        throw error;
      }
      places.set(user, target);
    },
    async read(user) {
      const found = places.get(user);
      if (found === undefined) return undefined;
      const bytes = new Uint8Array(found.bytes);
      const { bytesRead } = await file.read(bytes, 0, found.bytes, found.at);
      return bytesRead === found.bytes ? new Float32Array(bytes.buffer) : undefined;
    },
    remove,
    async close() {
      await file.close();
      await rm(path, { force: true });
    },
  };
}
