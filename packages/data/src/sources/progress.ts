import type { FileSet } from './file-set.ts';

export interface ReadProgress {
  /** Name of the file or zip entry being read. */
  readonly file: string;
  readonly bytes: number;
  /** Uncompressed size, when it is known. */
  readonly totalBytes: number;
  readonly rows: number;
  /** Of a file that DuckDB reads, where it is known or can be told from its first rows; it says no bytes then. */
  readonly totalRows?: number;
}

/** What every reader needs beside its source. */
export interface ReadContext {
  /** Count corrupt rows instead of stopping at the first. */
  readonly lenient: boolean;
  /** The chunks of a file, reported to `onProgress` as they pass. */
  counted(files: FileSet, name: string, rows: () => number): AsyncIterable<Uint8Array>;
  /** Reports rows where nobody counts bytes. */
  counting(progress: { readonly file: string; readonly rows: number; readonly totalRows?: number }): void;
}

export function readContext(options: { lenient?: boolean; onProgress?: (p: ReadProgress) => void }): ReadContext {
  const { onProgress } = options;
  return {
    lenient: options.lenient ?? false,
    counting: (progress) => onProgress?.({ bytes: 0, totalBytes: 0, ...progress }),
    async *counted(files, name, rows) {
      let bytes = 0;
      // The size of a .gz is not the size of what comes out of it.
      const totalBytes = /\.gz$/i.test(name) ? 0 : files.size(name);
      for await (const chunk of files.chunks(name)) {
        bytes += chunk.length;
        yield chunk;
        onProgress?.({ file: name, bytes, totalBytes, rows: rows() });
      }
    },
  };
}
