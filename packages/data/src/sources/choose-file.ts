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

/** The events file of a set: the one named, else the only one there is. */
export function chooseFile(operation: string, files: FileSet, wanted: string | undefined): string {
  if (wanted !== undefined) {
    const found = files.names.find((name) => name === wanted || name.endsWith(`/${wanted}`));
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
