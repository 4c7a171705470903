import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError, ShapeError, UnsupportedError } from '../../../errors.ts';
import { SampledSoftmax, type SampledSoftmaxAttrs, SampledSoftmaxGrad } from '../../kernel-names.ts';
import { float, type Values } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, SCRATCH_BYTES } from '../kernels.ts';
import type * as SAMPLED_SOFTMAX from '../slots/sampled-softmax.ts';
import { copyPadded, sumBySegment } from './rows.ts';
import { sumParts } from './sum-parts.ts';
import { override, sizeOf } from './support.ts';
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
    copyPadded(backend, { from: addresses[i], to, d, width, rows });
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

/** What all three kernels are given. */
function common(
  backend: SimdBackend,
  { queries, items, positives, negatives, logQ }: Inputs,
  { width, addresses }: Rows,
  kept: Kept,
): Values<typeof SAMPLED_SOFTMAX> {
  const [t, d] = queries.shape;
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
  return {
    QUERIES: addresses[0],
    ITEMS: addresses[1],
    POSITIVES: backend.address(positives),
    NEGATIVES: backend.address(negatives),
    LOG_Q: sizeOf(logQ) > 0 ? backend.address(logQ) : 0,
    TOKENS: t,
    R: r,
    WIDTH: width,
    PER_TASK: TOKENS_PER_TASK,
    WEIGHTS: kept.weights,
    ENTRIES: kept.count,
    D: d,
    ITEM_COUNT: items.shape[0],
    FACTORS: kept.factors,
    DIRECTIONS: kept.directions,
  };
}

/** Entries a token: the positive and R negatives, rounded up to two vectors. */
function entries(negatives: TensorInfo): number {
  return Math.ceil((negatives.shape[1] + 1) / 8) * 8;
}

function forward(inputs: Inputs, backend: SimdBackend, { temperature }: SampledSoftmaxAttrs): TensorInfo[] {
  const { queries, items, positives, negatives } = inputs;
  const [t] = queries.shape;
  const rows = items.shape[0];
  checkIds(backend, positives, rows, 'positives');
  const loss = backend.output([t]);
  const logSumExp = backend.output([t]);
  // What the backward pass reads stays with logSumExp, and goes when it goes.
  const kept = keep(backend, logSumExp.info, queries, negatives);
  const values = {
    ...common(backend, inputs, padRows(backend, [queries, items], logSumExp.info), kept),
    SCALE: float(1 / temperature),
    LOSS: loss.address,
    LOG_SUM_EXP: logSumExp.address,
  };
  try {
    backend.pool.run(KERNEL.sampledSoftmax, Math.ceil(t / TOKENS_PER_TASK), values);
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

/** Item tables up to this size are summed in tables of their own, one for each of a few groups of tokens. */
const TABLE_BYTES = 1_500_000;
/** A table is cut into strips of columns of at most this size, which stay in a core's cache. */
const STRIP_BYTES = 512 * 1024;
/** Groups times strips: the tasks, fixed so that results do not depend on the number of threads. */
const TABLE_TASKS = 8;

/** What the sums of the gradients of items are given. */
type Gradients = Values<typeof SAMPLED_SOFTMAX> & {
  readonly D_LOSS: number;
  readonly IDS: number;
  readonly COEFFICIENTS: number;
};

function sumInTables(backend: SimdBackend, gradients: Gradients, dItems: number): void {
  const { TOKENS: t, ITEM_COUNT: rows, D: d, WIDTH: width } = gradients;
  const columns = Math.ceil(width / 8 / Math.ceil((rows * width * 4) / STRIP_BYTES)) * 8;
  const strips = Math.ceil(width / columns);
  const groups = Math.ceil(TABLE_TASKS / strips);
  backend.withTemporaries([groups * rows * width * 4], 'item gradients by group', (tables) => {
    const values = { ...gradients, PER_TASK: Math.ceil(t / groups), TABLES: tables, COLUMNS: columns, GROUPS: groups };
    backend.pool.run(KERNEL.sampledSoftmaxItems, groups * strips, values);
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

/** Sorts the entries by item, then sums each item's. */
function sumSorted(backend: SimdBackend, gradients: Gradients, dItems: number): void {
  const { TOKENS: t, ITEM_COUNT: rows, D: d, WIDTH: width, ENTRIES: group } = gradients;
  const { QUERIES: x, IDS: ids, COEFFICIENTS: weights } = gradients;
  const entries = { ids, n: t * group, group, weights, x, stride: width * 4 };
  sumBySegment(backend, entries, { segments: rows, d, to: dItems });
}

function backward(inputs: Inputs, backend: SimdBackend): TensorInfo[] {
  const { queries, items, negatives, logSumExp, dLoss } = inputs;
  const [t] = queries.shape;
  const blocks = kept(backend, logSumExp, negatives);
  const gradient = backend.address(dLoss);
  const dQueries = backend.output(queries.shape);
  const dItems = backend.output(items.shape);
  const rows = keptRows(backend, [queries, items], logSumExp);
  const sorted = items.shape[0] * rows.width * 4 > TABLE_BYTES;
  const n = sorted ? t * blocks.count * 4 : 0;
  backend.withTemporaries([n, n], 'sampled-softmax coefficients', (coefficients, ids) => {
    const values = {
      ...common(backend, inputs, rows, blocks),
      D_LOSS: gradient,
      D_QUERIES: dQueries.address,
      IDS: sorted ? ids : 0,
      COEFFICIENTS: coefficients,
    };
    backend.pool.run(KERNEL.sampledSoftmaxGrad, Math.ceil(t / TOKENS_PER_TASK), values);
    const sum = sorted ? sumSorted : sumInTables;
    sum(backend, values, dItems.address);
  });
  return [dQueries.info, dItems.info];
}

export function registerSampledSoftmax(name: string): void {
  override(name, SampledSoftmax, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as SampledSoftmaxAttrs),
  );
  override(name, SampledSoftmaxGrad, (inputs, backend) => backward(inputs, backend));
}
