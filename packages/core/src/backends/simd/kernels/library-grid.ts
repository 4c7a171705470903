/** How a product is cut into tasks. */
export interface Grid {
  readonly rows: number;
  readonly blocks: number;
  readonly columns: number;
  readonly columnBlocks: number;
  readonly slice: number;
  readonly slices: number;
}

/** Rows and columns of a task at most: a library packs both operands once a call. */
const MOST = { rows: 768, columns: 1024 };
/** So many tasks are wanted, for as many threads, */
const TASKS = 16;
/** unless a task would get less work than this, in floating-point operations, or a block smaller. */
const LEAST_WORK = 8e6;
const LEAST = 128;

/**
 * Rows and columns of C that a task hands to a native library, and the slices of K: from the shapes alone, and larger
 * than those of our kernels.
 */
export function libraryGrid(batch: number, m: number, n: number, k: number, maySplit: boolean): Grid {
  let [blocks, columnBlocks] = [Math.ceil(m / MOST.rows), Math.ceil(n / MOST.columns)];
  const few = batch * blocks * columnBlocks < TASKS;
  const slices = maySplit && few && k >= 4096 && batch * m * n <= 1 << 18 ? Math.ceil(TASKS / batch) : 1;
  const wanted = Math.min(TASKS, Math.ceil((2 * batch * m * n * k) / LEAST_WORK));
  while (batch * slices * blocks * columnBlocks < wanted) {
    const [rows, columns] = [m / blocks, n / columnBlocks];
    if (Math.max(rows, columns) < 2 * LEAST) break;
    if (rows > columns) blocks *= 2;
    else columnBlocks *= 2;
  }
  const [rows, columns] = [evenly(m, blocks), evenly(n, columnBlocks)];
  const slice = evenly(k, slices);
  return {
    ...{ rows, blocks: Math.ceil(m / rows), columns, columnBlocks: Math.ceil(n / columns) },
    ...{ slice, slices: Math.ceil(k / slice) },
  };
}

/** Parts of whole sixteens. */
function evenly(size: number, parts: number): number {
  return parts === 1 ? size : Math.ceil(size / parts / 16) * 16;
}
