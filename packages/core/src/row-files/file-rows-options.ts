import { UnsupportedError } from '../errors.ts';
import type { RowLayout } from '../tables/row-store.ts';

export interface FileRowsOptions extends RowLayout {
  /** The file; made where there is none. One process at a time may have it open. */
  readonly path: string;
  /** Rows that are kept in memory, at least 2. */
  readonly cacheRows: number;
  /** Threads that read and write the file, default 1; more of them keep a disk busy that is slow to answer. */
  readonly threads?: number;
  /** Uses that the cache remembers of a row, 1 to 255; default 15. See {@link RowCache}. */
  readonly memory?: number;
}

/** @throws UnsupportedError for an option outside its range. */
export function checkOptions(options: {
  readonly cacheRows: number;
  readonly threads: number;
  readonly memory: number;
}): void {
  const { cacheRows, threads, memory } = options;
  const whole = Object.values(options).every(Number.isInteger);
  if (whole && cacheRows >= 2 && threads >= 1 && threads <= 64 && memory >= 1 && memory <= 255) return;
  throw new UnsupportedError(
    `fileRows: expected cacheRows of 2 or more, 1 to 64 threads and a memory of 1 to 255, whole numbers; got cacheRows=${cacheRows}, threads=${threads}, memory=${memory}`,
  );
}
