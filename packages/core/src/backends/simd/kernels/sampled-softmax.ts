import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError, ShapeError, UnsupportedError } from '../../../errors.ts';
import { SampledSoftmax, type SampledSoftmaxAttrs, SampledSoftmaxGrad } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, SCRATCH_BYTES } from '../kernels.ts';
import { segmentsPerTask, withSegmentOrder } from './rows.ts';
import { sumParts } from './sum-parts.ts';
import { override, rowsPerTask, sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

const OP = 'sampledSoftmaxLoss';
const TOKENS_PER_TASK = 64;

function checkIds(backend: SimdBackend, info: TensorInfo, items: number, what: string): void {
  const ids = backend.view(info);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] < 0 || ids[i] >= items)
      throw new ShapeError(`${OP}: expected ${what} from 0 to ${items - 1}; got ${ids[i]} at position ${i}`);
  }
}

/** Queries and items with rows of a multiple of 8 floats. */
interface Rows {
  readonly width: number;
  readonly addresses: readonly number[];
}

const paddedWidth = (d: number): number => Math.ceil(d / 8) * 8;

const PADDED = ['padded queries', 'padded items'] as const;

/** The rows as they are, or copies padded with zeros, which stay with `logSumExp` for the way back. */
function padRows(backend: SimdBackend, infos: readonly TensorInfo[], logSumExp: TensorInfo): Rows {
  const d = infos[0].shape[1];
  const width = paddedWidth(d);
  const addresses = infos.map((info) => backend.address(info));
  if (width === d) return { width, addresses };
  const padded = infos.map(({ shape: [rows] }, i) => {
    const to = backend.attach(logSumExp, rows * width * 4, PADDED[i]);
    const perTask = rowsPerTask(width);
    backend.pool.run(KERNEL.padRows, Math.ceil(rows / perTask), [addresses[i], to, d, width, rows, perTask]);
    return to;
  });
  return { width, addresses: padded };
}

/** What {@link padRows} left with `logSumExp`. */
function keptRows(backend: SimdBackend, infos: readonly TensorInfo[], logSumExp: TensorInfo): Rows {
  const d = infos[0].shape[1];
  const width = paddedWidth(d);
  const addresses = infos.map((info, i) =>
    width === d ? backend.address(info) : attached(backend, logSumExp, PADDED[i]),
  );
  return { width, addresses };
}

/** Slots 0 to 9. */
function common(
  backend: SimdBackend,
  { queries, items, positives, negatives, logQ }: Inputs,
  width: number,
  addresses: readonly number[],
): number[] {
  const [t] = queries.shape;
  const r = negatives.shape[1];
  if (queries.shape[1] !== items.shape[1]) {
    throw new ShapeError(
      `${OP}: expected queries [T, D] and items [I, D]; got [${queries.shape}] and [${items.shape}]`,
    );
  }
  if (r > SCRATCH_BYTES / 64)
    throw new UnsupportedError(`${OP}: expected at most ${SCRATCH_BYTES / 64} negatives a token; got ${r}`);
  if (width > SCRATCH_BYTES / 8)
    throw new UnsupportedError(`${OP}: expected rows of at most ${SCRATCH_BYTES / 8} numbers; got ${width}`);
  const ids = [positives, negatives].map((x) => backend.address(x));
  return [...addresses, ...ids, sizeOf(logQ) > 0 ? backend.address(logQ) : 0, t, r, width, 0, TOKENS_PER_TASK];
}

/** Entries a token: the positive and R negatives, rounded up to two vectors. */
function entries(negatives: TensorInfo): number {
  return Math.ceil((negatives.shape[1] + 1) / 8) * 8;
}

function forward(inputs: Inputs, backend: SimdBackend, { temperature }: SampledSoftmaxAttrs): TensorInfo[] {
  const { queries, items, positives, negatives } = inputs;
  const [t, d] = queries.shape;
  const rows = items.shape[0];
  checkIds(backend, positives, rows, 'positives');
  const loss = backend.output([t]);
  const logSumExp = backend.output([t]);
  // What the backward pass reads stays with logSumExp, and goes when it goes.
  const kept = keep(backend, logSumExp.info, queries, negatives);
  const { width, addresses } = padRows(backend, [queries, items], logSumExp.info);
  const others = { 10: loss.address, 11: logSumExp.address, 16: d, 18: rows };
  const ints = slots(common(backend, inputs, width, addresses), kept, others);
  try {
    backend.pool.run(KERNEL.sampledSoftmax, Math.ceil(t / TOKENS_PER_TASK), ints, { 8: 1 / temperature });
    if (!backend.isBelow(negatives, rows)) backend.wait();
  } catch (cause) {
    // The kernel checks ids as it reads them; which one is wrong is looked for only then.
    for (const { info } of [loss, logSumExp]) backend.disposeData(info.dataId, true);
    checkIds(backend, negatives, rows, 'negatives');
    throw cause;
  }
  return [loss.info, logSumExp.info];
}

/** Blocks that the forward pass leaves for the backward pass. */
interface Kept {
  readonly weights: number;
  readonly factors: number;
  readonly directions: number;
  /** Entries a token. */
  readonly count: number;
}

const NAMES = { weights: 'weights of the entries', factors: 'factors', directions: 'gradients by query' } as const;

function keep(backend: SimdBackend, logSumExp: TensorInfo, queries: TensorInfo, negatives: TensorInfo): Kept {
  const [t, d] = queries.shape;
  const count = entries(negatives);
  const block = (name: keyof typeof NAMES, size: number): number =>
    backend.attach(logSumExp, t * size * 4, NAMES[name]);
  return { weights: block('weights', count), factors: block('factors', 1), directions: block('directions', d), count };
}

function kept(backend: SimdBackend, logSumExp: TensorInfo, negatives: TensorInfo): Kept {
  const block = (name: keyof typeof NAMES): number => attached(backend, logSumExp, NAMES[name]);
  const [weights, factors, directions] = [block('weights'), block('factors'), block('directions')];
  return { weights, factors, directions, count: entries(negatives) };
}

function attached(backend: SimdBackend, logSumExp: TensorInfo, name: string): number {
  const address = backend.attached(logSumExp, name);
  if (address === undefined)
    throw new BackendError(`${OP}: expected the logSumExp that the forward pass returned; got another tensor`);
  return address;
}

/** The argument block: its first ten slots, what is kept, and others by slot. */
function slots(first: readonly number[], blocks: Kept, others: Readonly<Record<number, number>>): number[] {
  const ints = [...first, ...new Array<number>(22 - first.length).fill(0)];
  ints[14] = blocks.weights;
  ints[15] = blocks.count;
  ints[20] = blocks.factors;
  ints[21] = blocks.directions;
  for (const [slot, value] of Object.entries(others)) ints[Number(slot)] = value;
  return ints;
}

/** Item tables up to this size are summed in tables of their own, one for each of a few groups of tokens. */
const TABLE_BYTES = 1_500_000;
/** A table is cut into strips of columns of at most this size, which stay in a core's cache. */
const STRIP_BYTES = 512 * 1024;
/** Groups times strips: the tasks, fixed so that results do not depend on the number of threads. */
const TABLE_TASKS = 8;

function sumInTables(backend: SimdBackend, ints: readonly number[], sizes: Sizes, dItems: number): void {
  const { t, rows, d, width } = sizes;
  const columns = Math.ceil(width / 8 / Math.ceil((rows * width * 4) / STRIP_BYTES)) * 8;
  const strips = Math.ceil(width / columns);
  const groups = Math.ceil(TABLE_TASKS / strips);
  backend.withTemporaries([groups * rows * width * 4], 'item gradients by group', (tables) => {
    const table = [...ints.with(9, Math.ceil(t / groups)).slice(0, 22), tables, columns, groups];
    backend.pool.run(KERNEL.sampledSoftmaxItems, groups * strips, table);
    for (let first = 0; first < d; first += columns) {
      sumParts(backend, {
        from: tables + first * groups * rows * 4,
        parts: groups,
        rows,
        columns: Math.min(columns, d - first),
        stride: Math.min(columns, width - first),
        to: dItems + first * 4,
        toStride: d,
      });
    }
  });
}

interface Sizes {
  readonly t: number;
  readonly rows: number;
  readonly d: number;
  readonly width: number;
}

/** Sorts the entries by item, then sums each item's. */
function sumSorted(backend: SimdBackend, ints: readonly number[], sizes: Sizes, dItems: number): void {
  const { t, rows, d, width } = sizes;
  const [queries, count, ids, weights] = [ints[0], ints[15], ints[17], ints[19]];
  const entries = { ids, n: t * count, group: count, weights, x: queries, stride: width * 4 };
  withSegmentOrder(backend, entries, rows, (order) => {
    const perTask = segmentsPerTask(rows);
    const sums = [order.rows, order.offsets, dItems, rows, d, perTask, order.weights, width * 4];
    backend.pool.run(KERNEL.sumSegments, Math.ceil(rows / perTask), sums);
  });
}

function backward(inputs: Inputs, backend: SimdBackend, { temperature }: SampledSoftmaxAttrs): TensorInfo[] {
  const { queries, items, negatives, logSumExp, dLoss } = inputs;
  const [t, d] = queries.shape;
  const rows = items.shape[0];
  const blocks = kept(backend, logSumExp, negatives);
  const gradient = backend.address(dLoss);
  const dQueries = backend.output(queries.shape);
  const dItems = backend.output(items.shape);
  const { width, addresses } = keptRows(backend, [queries, items], logSumExp);
  const sorted = rows * width * 4 > TABLE_BYTES;
  const n = sorted ? t * blocks.count * 4 : 0;
  backend.withTemporaries([n, n], 'sampled-softmax coefficients', (coefficients, ids) => {
    const ints = slots(common(backend, inputs, width, addresses), blocks, {
      12: gradient,
      13: dQueries.address,
      16: d,
      17: sorted ? ids : 0,
      18: rows,
      19: coefficients,
    });
    backend.pool.run(KERNEL.sampledSoftmaxGrad, Math.ceil(t / TOKENS_PER_TASK), ints, { 8: 1 / temperature });
    const sum = sorted ? sumSorted : sumInTables;
    sum(backend, ints, { t, rows, d, width }, dItems.address);
  });
  return [dQueries.info, dItems.info];
}

export function registerSampledSoftmax(name: string): void {
  override(name, SampledSoftmax, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as SampledSoftmaxAttrs),
  );
  override(name, SampledSoftmaxGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as SampledSoftmaxAttrs),
  );
}
