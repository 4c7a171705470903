import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { rowsPerTask } from './support.ts';

interface Parts {
  /** Address of x `[parts, rows, stride]`. */
  readonly from: number;
  readonly parts: number;
  readonly rows: number;
  readonly columns: number;
  /** Floats from row to row of x; default: `columns`. */
  readonly stride?: number;
  /** Address of y `[rows, toStride]`. */
  readonly to: number;
  /** Floats from row to row of y; default: `columns`. */
  readonly toStride?: number;
}

/** The first `columns` of each row of y = the sum of x over its parts, added in order. */
export function sumParts(backend: SimdBackend, sum: Parts): void {
  const { from, parts, rows, columns, stride = columns, to, toStride = columns } = sum;
  const perTask = rowsPerTask(columns);
  backend.pool.run(KERNEL.sumParts, Math.ceil(rows / perTask), {
    X: from,
    Y: to,
    PARTS: parts,
    ROWS: rows,
    COLUMNS: columns,
    STRIDE: stride,
    PER_TASK: perTask,
    Y_STRIDE: toStride,
  });
}
