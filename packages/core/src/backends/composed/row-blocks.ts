/** Floats of gathered vectors `[rows, R, D]` that a composed kernel holds at a time: 16 MiB. */
const BLOCK_FLOATS = 1 << 22;

/** Rows `start .. start + count - 1`. */
export interface RowBlock {
  readonly start: number;
  readonly count: number;
}

/** Cuts rows that gather so many floats each into blocks of what is held at a time, of a row at least. */
export function rowBlocks(rows: number, floatsPerRow: number): RowBlock[] {
  const size = Math.max(1, Math.floor(BLOCK_FLOATS / Math.max(1, floatsPerRow)));
  const blocks: RowBlock[] = [];
  for (let start = 0; start < rows; start += size) blocks.push({ start, count: Math.min(size, rows - start) });
  return blocks;
}
