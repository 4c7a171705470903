import { extname } from 'node:path';
import { DataError } from '../errors.ts';
import type { FileSet } from './file-set.ts';

const readable = new Set(['.csv', '.tsv', '.txt', '.dat', '.data', '.inter', '.parquet', '.jsonl', '.ndjson']);

function extension(name: string): string {
  return extname(name.replace(/\.gz$/i, '')).toLowerCase();
}

/** What a file of another kind is, and what to do with it. */
const others: Readonly<Record<string, string>> = {
  '.xlsx': 'a spreadsheet; save it as CSV UTF-8',
  '.xls': 'a spreadsheet; save it as CSV UTF-8',
  '.ods': 'a spreadsheet; save it as CSV',
  '.feather': 'an Arrow file; save it as Parquet or CSV (pandas: read_feather(...).to_csv(..., index=False))',
  '.arrow': 'an Arrow file; save it as Parquet or CSV',
  '.json': 'JSON; save it as JSON lines (.jsonl) or as CSV',
  '.bz2': 'compressed by bzip2; unpack it, or save it as .gz',
  '.xz': 'compressed by xz; unpack it, or save it as .gz',
  '.zst': 'compressed by zstd; unpack it, or save it as .gz',
};

/**
 * The file among those of a set that fit: the only one outside of folders, else the only one there is. A `.gz` beside
 * the same file unpacked does not count. `undefined` where none fits.
 *
 * @throws {DataError} `ambiguous-layout` naming the files, where several remain
 */
export function onlyFile(
  operation: string,
  files: FileSet,
  fit: readonly string[],
  hint = 'give the path of one of them',
): string | undefined {
  const distinct = fit.filter((name) => !/\.gz$/i.test(name) || !fit.includes(name.slice(0, -3)));
  const outside = distinct.filter((name) => folderOf(name) === '');
  const left = outside.length > 0 ? outside : distinct;
  if (left.length <= 1) return left[0];
  throw new DataError(operation, `expected one file that fits; got ${left.slice(0, 8).join(', ')}`, {
    code: 'ambiguous-layout',
    file: files.path,
    hint,
  });
}

/** Names of a set whose last part fits. */
export function filesNamed({ names }: FileSet, fits: RegExp): string[] {
  return names.filter((name) => fits.test(name.slice(folderOf(name).length)));
}

/** The first file in the folder of `name` whose own name fits: a plain one before the same as `.gz`. */
export function fileBeside(files: FileSet, name: string, fits: RegExp): string | undefined {
  const beside = filesNamed(files, fits).filter((other) => folderOf(other) === folderOf(name));
  return beside.find((other) => !/\.gz$/i.test(other)) ?? beside[0];
}

/** `a/b/` of `a/b/c.csv`; empty outside of folders. */
function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1);
}

/**
 * The events file of a set: the one named (so, or as the end of one name alone), else the only one there is.
 *
 * @throws {DataError} `missing-file`, `ambiguous-layout`, and `unknown-layout` where none is of a kind that is read
 */
export function chooseFile(operation: string, files: FileSet, wanted: string | undefined): string {
  if (wanted !== undefined) {
    if (files.names.includes(wanted)) return wanted;
    const ends = files.names.filter((name) => name.endsWith(`/${wanted}`));
    const found = onlyFile(operation, files, ends, 'name one of them with its folder');
    if (found !== undefined) return found;
    throw new DataError(operation, `expected a file "${wanted}"; got ${files.names.slice(0, 8).join(', ') || 'none'}`, {
      code: 'missing-file',
      file: files.path,
      key: 'file',
    });
  }
  const fit = files.names.filter((name) => readable.has(extension(name)));
  if (fit.length === 1) return fit[0];
  if (fit.length === 0) {
    const single = files.kind === 'file';
    throw new DataError(
      operation,
      `expected ${single ? 'an extension' : 'a file with an extension'} among ${[...readable].join(' ')}; got ` +
        `${single ? `"${extension(files.path)}"` : files.names.slice(0, 8).join(', ') || 'no files'}`,
      {
        code: single ? 'unsupported-extension' : 'unknown-layout',
        file: files.path,
        ...(single && extension(files.path) in others ? { hint: `this is ${others[extension(files.path)]}` } : {}),
      },
    );
  }
  throw new DataError(operation, `expected one file of events; got ${fit.slice(0, 8).join(', ')}`, {
    code: 'ambiguous-layout',
    file: files.path,
    key: 'file',
    hint: 'name one of them: file (--data.file)',
  });
}
