import { fstatSync, rmSync } from 'node:fs';
import { DataError } from '../errors.ts';
import { readBytes, withFile } from '../file-bytes.ts';

/** The bytes of a cache file, read where they are wanted. */
export interface CacheSource {
  readonly size: number;
  /** Bytes `[from, to)` at the start of a buffer of their own, so that any typed array can look into them. */
  read(from: number, to: number): Uint8Array<ArrayBuffer>;
  /** What a column that is read late and does not match its checksum means. */
  damaged(problem: string): Error;
}

/** Bytes at the start that tell one file from the next: magic, length and checksum of the header. */
const identityBytes = 16;

/** Opens a cache file; it is closed between reads, so an opened store holds no file. */
export function fileSource(path: string): CacheSource {
  const { size, identity } = withFile(path, (file) => {
    const { size } = fstatSync(file);
    return { size, identity: readBytes(file, 0, Math.min(identityBytes, size)) };
  });
  const damaged = (problem: string): Error => {
    rmSync(path, { force: true });
    return new DataError('loadDataset', `expected the cache file as it was written; got ${problem}`, {
      code: 'damaged-cache',
      file: path,
      hint: 'it was removed; load the data set again, which makes it anew',
    });
  };
  return {
    size,
    damaged,
    read: (from, to) =>
      withFile(path, (file) => {
        if (!Buffer.from(readBytes(file, 0, identity.length)).equals(identity)) {
          throw new DataError('loadDataset', 'expected the cache file that was opened; got another one in its place', {
            code: 'stale-cache',
            file: path,
            hint: 'the source changed meanwhile; load the data set again',
          });
        }
        return readBytes(file, from, to);
      }),
  };
}
