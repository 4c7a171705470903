import { TableError } from '../errors.ts';
import type { InitialRows } from '../tables/initial-rows.ts';
import type { RowLayout } from '../tables/row-store.ts';

/** Begins every file of rows; the version follows. */
const NAME = 'seqrec-rows';
const VERSION = 1;
/** Bytes of the header, and what the parts behind it are rounded up to: a page. */
export const PAGE_BYTES = 4096;

/** What the first page of a file says. */
export interface RowFileHeader {
  readonly layout: Required<RowLayout>;
  /** Whether all that was written is in the file; false from the first write after a flush until the next flush. */
  readonly isClean: boolean;
  /** Rows that have been written. */
  readonly present: number;
}

/** Where the parts of a file are: header, a bit a row that was written, then records of `stride` float32. */
export interface RowFilePlaces {
  /** Numbers of a record. */
  readonly stride: number;
  readonly bitmapBytes: number;
  readonly bitmapAt: number;
  readonly recordsAt: number;
}

export function placesOf({ rows, width, stateWidth }: Required<RowLayout>): RowFilePlaces {
  const bitmapBytes = 4 * Math.ceil(rows / 32);
  const recordsAt = PAGE_BYTES + Math.ceil(bitmapBytes / PAGE_BYTES) * PAGE_BYTES;
  return { stride: width + stateWidth, bitmapBytes, bitmapAt: PAGE_BYTES, recordsAt };
}

/** The first page: a line with name and version, a line of JSON, zeros. */
export function encodeHeader({ layout, isClean, present }: RowFileHeader): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  const text = `${NAME} ${VERSION}\n${JSON.stringify({ ...layout, isClean, present })}\n`;
  const { written, read } = new TextEncoder().encodeInto(text, page);
  if (read < text.length || written > PAGE_BYTES) {
    throw new TableError(
      `fileRows: expected a header of at most ${PAGE_BYTES} bytes; got ${text.length} characters; shorten the name of the random stream`,
    );
  }
  return page;
}

/** @throws TableError for bytes that are no header, or of another version. */
export function decodeHeader(page: Uint8Array, file: string): RowFileHeader {
  const end = page.indexOf(0);
  const [first, json, ...rest] = new TextDecoder().decode(page.subarray(0, end < 0 ? page.length : end)).split('\n');
  const [name, version] = first.split(' ');
  if (name !== NAME) {
    throw new TableError(
      `fileRows: ${file}: expected a file of rows, which begins with '${NAME}'; got another one; it was left as it is`,
    );
  }
  if (version !== String(VERSION)) {
    throw new TableError(
      `fileRows: ${file}: expected version ${VERSION}; got version ${version}; read it with the program that wrote it`,
    );
  }
  try {
    if (rest.join('') !== '') throw new Error('there is more after it');
    const { isClean, present, ...layout } = JSON.parse(json) as RowFileHeader & Required<RowLayout>;
    if (typeof isClean !== 'boolean' || !Number.isSafeInteger(present) || typeof layout.initial !== 'object')
      throw new Error(`isClean ${isClean}, present ${present}, initial ${JSON.stringify(layout.initial)}`);
    return { layout: layout as Required<RowLayout>, isClean, present };
  } catch (cause) {
    throw new TableError(
      `fileRows: ${file}: expected a header of one line of JSON; got ${(cause as Error).message}; the file is damaged, take a snapshot of it or start anew`,
      { cause },
    );
  }
}

/** Refuses a file of another table, or one that was left half-written. @throws TableError. */
export function checkHeader(
  { layout: found, isClean }: RowFileHeader,
  layout: Required<RowLayout>,
  file: string,
): void {
  const told = describeLayout(layout);
  const differing = [...describeLayout(found)].filter(([key, value]) => told.get(key) !== value);
  if (differing.length > 0) {
    const list = (of: ReadonlyMap<string, string>): string =>
      differing.map(([key]) => `${key} ${of.get(key) ?? 'none'}`).join(', ');
    throw new TableError(
      `fileRows: ${file}: expected a table with ${list(told)}; got ${list(describeLayout(found))}; use the settings that it was made with, or another file`,
    );
  }
  if (isClean) return;
  throw new TableError(
    `fileRows: ${file}: expected a file that was flushed after its last change; got one whose writer ended before, or is still at work: some of its rows are older than others; go back to a snapshot, or remove it and start anew`,
  );
}

function describeLayout({ rows, width, stateWidth, initialState, initial }: Required<RowLayout>): Map<string, string> {
  const sizes = { rows, width, stateWidth, initialState };
  const ofInitial = Object.entries(initial as InitialRows).map(([key, value]) => [`initial.${key}`, String(value)]);
  return new Map([...Object.entries(sizes).map(([key, value]) => [key, String(value)]), ...ofInitial] as [
    string,
    string,
  ][]);
}
