/** Where an error happened, as precisely as it is known. */
export interface DataErrorDetails {
  /** Stable, machine-readable kind, for example `missing-file`, `bad-row`, `zip-slip`. */
  readonly code: string;
  /** Path of the file, zip or folder, as it was given. */
  readonly file?: string;
  /** Name of the entry when `file` is a zip. */
  readonly entry?: string;
  /** Line number, from 1. */
  readonly line?: number;
  /** Name (or 0-based position) of the column. */
  readonly column?: string | number;
  /** Name of the option at fault. */
  readonly key?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** `path`, `path:line`, `zip!entry` or `zip!entry:line`. */
export function location(details: Pick<DataErrorDetails, 'file' | 'entry' | 'line'>): string {
  const place = details.entry === undefined ? (details.file ?? '') : `${details.file ?? ''}!${details.entry}`;
  return details.line === undefined ? place : `${place}:${details.line}`;
}

/**
 * Any failure of reading, checking or transforming data.
 *
 * The message reads `operation: place: what was expected; got ...; hint`, where place is `file:line`
 * (`zip!entry:line` inside an archive).
 */
export class DataError extends Error {
  readonly code: string;
  readonly file?: string;
  readonly entry?: string;
  readonly line?: number;
  readonly column?: string | number;
  readonly key?: string;
  readonly hint?: string;

  constructor(operation: string, problem: string, details: DataErrorDetails) {
    const place = location(details);
    const tail = details.hint === undefined ? '' : `; ${details.hint}`;
    super(`${operation}: ${place === '' ? '' : `${place}: `}${problem}${tail}`, { cause: details.cause });
    this.name = 'DataError';
    this.code = details.code;
    this.file = details.file;
    this.entry = details.entry;
    this.line = details.line;
    this.column = details.column;
    this.key = details.key;
    this.hint = details.hint;
  }
}

/** A damaged or hostile archive: truncated, wrong checksum, an entry that would leave its folder. */
export class ArchiveError extends DataError {
  constructor(operation: string, problem: string, details: DataErrorDetails) {
    super(operation, problem, details);
    this.name = 'ArchiveError';
  }
}

/** An option that makes no sense; `key` names it. */
export class OptionError extends DataError {
  constructor(
    operation: string,
    problem: string,
    details: Omit<DataErrorDetails, 'code'> & { readonly code?: string },
  ) {
    super(operation, problem, { code: 'bad-option', ...details });
    this.name = 'OptionError';
  }
}

/** A download that did not happen or brought the wrong bytes. */
export class DownloadError extends DataError {
  readonly url: string;

  constructor(operation: string, problem: string, details: DataErrorDetails & { readonly url: string }) {
    super(operation, problem, details);
    this.name = 'DownloadError';
    this.url = details.url;
  }
}
