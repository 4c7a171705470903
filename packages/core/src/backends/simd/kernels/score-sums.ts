import { engine, type TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError, ShapeError, UnsupportedError } from '../../../errors.ts';
import { LogSumExpScores, LogSumExpScoresGrad } from '../../kernel-names.ts';
import type { Values } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import type * as SCORE_SUMS from '../slots/score-sums.ts';
import { BINARY } from './elementwise.ts';
import { packB, packedBytes } from './mat-mul.ts';
import { sumParts } from './sum-parts.ts';
import { override, rowsPerTask, sizeOf, zero } from './support.ts';
import type { Inputs } from './types.ts';

const OP = 'logSumExpScores';

/** Sizes of a block of scores, and where a native library multiplies, as in `assembly/score-sums.ts`. */
const BLOCKS = [
  { items: 96, queries: 96 },
  { items: 384, queries: 192 },
] as const;
/** Wider rows of larger blocks have no room in a thread's scratch memory. */
const MOST_COLUMNS_LIBRARY = 1024;
const TILE_ROWS = 6;
/** Tasks that a pass is cut into where it has so many rows: fixed, so that results do not depend on the threads. */
const TASKS = 16;
/** Slices of the queries where items are few; each has a gradient of all items of its own. */
const MOST_SLICES = 8;
/** What a thread's scratch memory holds: a block of rows of this width, and more beside it. */
const MOST_COLUMNS = 8192;

/** Gradients of the sums by the queries, left with their logarithms for the backward pass. */
const DIRECTIONS = 'gradients of log-sum-exp by query';

function checkGroups(backend: SimdBackend, { mask, groups }: Inputs): void {
  if (sizeOf(mask) === 0) return;
  const ids = backend.view(groups);
  for (let p = 0; p < ids.length; p++) {
    if (ids[p] < 0 || ids[p] >= mask.shape[0])
      throw new ShapeError(`${OP}: expected groups from 0 to ${mask.shape[0] - 1}; got ${ids[p]} at position ${p}`);
  }
}

/** 1 where a native library multiplies. */
function byLibrary({ libraryFrom }: SimdBackend, { queries, items }: Inputs): 0 | 1 {
  const [p, d] = queries.shape;
  return d <= MOST_COLUMNS_LIBRARY && Math.min(p, items.shape[0], d) >= libraryFrom ? 1 : 0;
}

/** What both passes hand to their kernels: items packed where a kernel of ours reads them. */
function withValues(
  backend: SimdBackend,
  inputs: Inputs,
  logSumExp: number,
  run: (values: Omit<Values<typeof SCORE_SUMS>, 'PER_TASK'>) => void,
): void {
  const { queries, items, bias, mask, groups } = inputs;
  const [p, d] = queries.shape;
  const n = items.shape[0];
  if (items.shape[1] !== d)
    throw new ShapeError(
      `${OP}: expected queries [P, D] and items [N, D]; got [${queries.shape}] and [${items.shape}]`,
    );
  if (d > MOST_COLUMNS) throw new UnsupportedError(`${OP}: expected rows of at most ${MOST_COLUMNS} numbers; got ${d}`);
  const from = backend.address(items);
  const masked = sizeOf(mask) > 0;
  const values = {
    QUERIES: backend.address(queries),
    ITEMS: from,
    BIAS: sizeOf(bias) > 0 ? backend.address(bias) : 0,
    MASK: masked ? backend.address(mask) : 0,
    GROUPS: masked ? backend.address(groups) : 0,
    ROWS: p,
    ITEM_COUNT: n,
    D: d,
    LOG_SUM_EXP: logSumExp,
    LIBRARY: byLibrary(backend, inputs),
  };
  if (values.LIBRARY) {
    run({ ...values, PACKED: from });
    return;
  }
  backend.withTemporaries([packedBytes(d, n)], 'packed items', (packed) => {
    packB(backend, { from, to: packed, k: d, n, transposed: true });
    run({ ...values, PACKED: packed });
  });
}

/** Whole tiles of rows, at most a block, in about {@link TASKS} tasks or more. */
function queriesPerTask(rows: number, most: number): number {
  return Math.min(most, Math.max(TILE_ROWS, Math.ceil(rows / TASKS / TILE_ROWS) * TILE_ROWS));
}

function forward(inputs: Inputs, backend: SimdBackend): TensorInfo[] {
  const { queries } = inputs;
  const [p, d] = queries.shape;
  checkGroups(backend, inputs);
  const logSumExp = backend.output([p]);
  if (p === 0) return [logSumExp.info];
  const kept = engine().state.gradientDepth > 0;
  withValues(backend, inputs, logSumExp.address, (values) => {
    const perTask = queriesPerTask(p, BLOCKS[values.LIBRARY].queries);
    backend.pool.run(KERNEL.scoreSums, Math.ceil(p / perTask), {
      ...values,
      PER_TASK: perTask,
      DIRECTIONS: kept ? backend.attach(logSumExp.info, p * d * 4, DIRECTIONS) : 0,
    });
  });
  return [logSumExp.info];
}

function backward(inputs: Inputs, backend: SimdBackend): TensorInfo[] {
  const { queries, items, logSumExp, dSums } = inputs;
  const [p, d] = queries.shape;
  const n = items.shape[0];
  const gradient = backend.address(dSums);
  const dQueries = backend.output(queries.shape);
  const dItems = backend.output(items.shape);
  if (p === 0) {
    zero(backend, dItems.address, n * d);
    return [dQueries.info, dItems.info];
  }
  const directions = backend.attached(logSumExp, DIRECTIONS);
  if (directions === undefined)
    throw new BackendError(`${OP}: expected the logSumExp that the forward pass returned; got another tensor`);
  scaleRows(backend, { from: directions, factors: gradient, rows: p, columns: d, to: dQueries.address });
  withValues(backend, inputs, backend.address(logSumExp), (values) => {
    const block = BLOCKS[values.LIBRARY];
    const blocks = Math.ceil(n / block.items);
    const wanted = Math.min(MOST_SLICES, Math.ceil(TASKS / blocks));
    const perTask = Math.ceil(p / wanted / block.queries) * block.queries;
    const slices = Math.ceil(p / perTask);
    backend.withTemporaries([slices > 1 ? slices * n * d * 4 : 0], 'item gradients by slice', (parts) => {
      backend.pool.run(KERNEL.scoreSumsGrad, blocks * slices, {
        ...values,
        PER_TASK: perTask,
        SLICES: slices,
        D_SUMS: gradient,
        D_ITEMS: slices > 1 ? parts : dItems.address,
      });
      if (slices > 1) sumParts(backend, { from: parts, parts: slices, rows: n, columns: d, to: dItems.address });
    });
  });
  return [dQueries.info, dItems.info];
}

/** Each row of x times its factor. */
function scaleRows(
  backend: SimdBackend,
  x: {
    readonly from: number;
    readonly factors: number;
    readonly rows: number;
    readonly columns: number;
    readonly to: number;
  },
): void {
  const perTask = rowsPerTask(x.columns);
  backend.pool.run(KERNEL.binaryRows, Math.ceil(x.rows / perTask), {
    OP: BINARY.Multiply,
    A: x.from,
    B: x.factors,
    Y: x.to,
    ROWS: x.rows,
    INNER: x.columns,
    PER_TASK: perTask,
    A_ROW_BYTES: x.columns * 4,
    B_ROW_BYTES: 4,
    A_PER_ROW: 0,
    B_PER_ROW: 1,
  });
}

export function registerScoreSums(name: string): void {
  override(name, LogSumExpScores, (inputs, backend) => forward(inputs, backend));
  override(name, LogSumExpScoresGrad, (inputs, backend) => backward(inputs, backend));
}
