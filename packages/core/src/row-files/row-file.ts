import { closeSync, constants, fstatSync, fsync, openSync, readSync, statSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { TableError } from '../errors.ts';
import type { RowLayout } from '../tables/row-store.ts';
import { checkHeader, decodeHeader, encodeHeader, PAGE_BYTES, placesOf, type RowFileHeader } from './header.ts';

const writeAsync = promisify(write);
const fsyncAsync = promisify(fsync);

/** A file of rows: its header and which rows it has. `RowMover` moves the rows themselves. */
export class RowFile {
  readonly path: string;
  readonly layout: Required<RowLayout>;
  readonly fd: number;
  /** A bit a row that was written; threads share it. */
  readonly present: SharedArrayBuffer;
  /** Whether the header on the disk says so. */
  #isClean: boolean;

  private constructor(path: string, layout: Required<RowLayout>, fd: number, isClean: boolean) {
    this.path = path;
    this.layout = layout;
    this.fd = fd;
    this.present = new SharedArrayBuffer(placesOf(layout).bitmapBytes);
    this.#isClean = isClean;
  }

  /**
   * Opens a file of the table, or makes a new one; a file of no bytes is a new one.
   *
   * @throws TableError for a file of another table, damaged or left half-written, and when it cannot be opened.
   */
  static open(path: string, layout: Required<RowLayout>): RowFile {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666);
    } catch (cause) {
      throw new TableError(`fileRows: ${path}: expected a file that can be opened; got ${(cause as Error).message}`, {
        cause,
      });
    }
    try {
      const { size } = fstatSync(fd);
      if (size === 0) return RowFile.#made(path, layout, fd);
      return RowFile.#found(path, layout, fd, size);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  static #made(path: string, layout: Required<RowLayout>, fd: number): RowFile {
    const { recordsAt } = placesOf(layout);
    const file = new RowFile(path, layout, fd, true);
    file.#writing(() => {
      // The last byte before the records: what lies between is a hole, and reads as zeros.
      writeSync(fd, new Uint8Array(1), 0, 1, recordsAt - 1);
      writeSync(fd, encodeHeader({ layout, isClean: true, present: 0 }), 0, PAGE_BYTES, 0);
    });
    return file;
  }

  static #found(path: string, layout: Required<RowLayout>, fd: number, size: number): RowFile {
    const page = new Uint8Array(PAGE_BYTES);
    readSync(fd, page, 0, PAGE_BYTES, 0);
    const header = decodeHeader(page, path);
    checkHeader(header, layout, path);
    const file = new RowFile(path, layout, fd, true);
    const { bitmapAt, bitmapBytes, recordsAt, stride } = placesOf(layout);
    const bytes = new Uint8Array(file.present);
    let read = 0;
    while (read < bitmapBytes) {
      const count = readSync(fd, bytes, read, bitmapBytes - read, bitmapAt + read);
      if (count === 0) break;
      read += count;
    }
    const { count, last } = countRows(new Uint32Array(file.present));
    const end = Math.max(recordsAt, recordsAt + (last + 1) * 4 * stride);
    if (read === bitmapBytes && count === header.present && size >= end) return file;
    throw new TableError(
      `fileRows: ${path}: expected ${header.present} rows in ${end} bytes; got ${count} rows in ${size} bytes; the file was cut off or damaged, go back to a snapshot`,
    );
  }

  /** Before the first change after a flush: says on the disk that the file is being changed. @throws TableError. */
  async markChanging(): Promise<void> {
    if (!this.#isClean) return;
    await this.#writingAsync(async () => {
      await this.#writeHeader(false);
      await fsyncAsync(this.fd);
    });
    this.#isClean = false;
  }

  /** After all rows were written: which ones there are, then that the file is whole. @throws TableError. */
  async markWhole(): Promise<void> {
    if (this.#isClean) return;
    await this.#writingAsync(async () => {
      await writeWhole(this.fd, new Uint8Array(this.present), placesOf(this.layout).bitmapAt);
      // In this order on the disk: the header vouches for what was there before it.
      await fsyncAsync(this.fd);
      await this.#writeHeader(true);
      await fsyncAsync(this.fd);
    });
    this.#isClean = true;
  }

  /** Whether a path leads to this file, by whatever name. */
  isAt(path: string): boolean {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    const own = fstatSync(this.fd, { bigint: true });
    return found !== undefined && found.dev === own.dev && found.ino === own.ino;
  }

  close(): void {
    closeSync(this.fd);
  }

  async #writeHeader(isClean: boolean): Promise<void> {
    const { count } = countRows(new Uint32Array(this.present));
    const header: RowFileHeader = { layout: this.layout, isClean, present: count };
    await writeWhole(this.fd, encodeHeader(header), 0);
  }

  #writing(run: () => void): void {
    try {
      run();
    } catch (cause) {
      throw fileError(this.path, cause);
    }
  }

  async #writingAsync(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (cause) {
      throw fileError(this.path, cause);
    }
  }
}

/** What a failed read or write of rows is for who called: the store is of no use afterwards. */
export function fileError(path: string, cause: unknown): TableError {
  return new TableError(
    `fileRows: ${path}: expected to read and write rows; got ${(cause as Error).message}; the table cannot be used any more, go back to a snapshot when there is room`,
    { cause },
  );
}

async function writeWhole(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await writeAsync(fd, bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** Bits that are set, and the last of them or -1. */
function countRows(words: Uint32Array): { readonly count: number; readonly last: number } {
  let [count, last] = [0, -1];
  for (let word = 0; word < words.length; word++) {
    if (words[word] === 0) continue;
    for (let left = words[word]; left !== 0; left &= left - 1) count++;
    last = word * 32 + 31 - Math.clz32(words[word]);
  }
  return { count, last };
}
