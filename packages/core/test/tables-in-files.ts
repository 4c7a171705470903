// Small tables in files of a folder that goes with the test file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { fileRows } from '../src/row-files/file-rows.ts';
import type { FileRowsOptions } from '../src/row-files/file-rows-options.ts';
import type { RowLayout } from '../src/tables/row-store.ts';

export const folder = mkdtempSync(join(tmpdir(), 'seqrec-rows-'));
let files = 0;
export const newPath = (): string => join(folder, `table-${files++}.rows`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export const layout: RowLayout = {
  rows: 60,
  width: 3,
  stateWidth: 2,
  initialState: 0.5,
  initial: { kind: 'normal', seed: 4, stream: 'init/table', standardDeviation: 0.1 },
};
export const open = (own: Partial<FileRowsOptions> = {}) =>
  fileRows({ ...layout, path: newPath(), cacheRows: 7, ...own });
export const range = (from: number, count: number) => Int32Array.from({ length: count }, (_, i) => from + i);
export const all = range(0, layout.rows);

/** The bits, so that -0 and 0 and different NaNs differ. */
export function bits(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

export async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing was thrown';
}
