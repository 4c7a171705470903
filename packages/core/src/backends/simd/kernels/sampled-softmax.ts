import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError, ShapeError, UnsupportedError } from '../../../errors.ts';
import { SampledSoftmax, type SampledSoftmaxAttrs, SampledSoftmaxGrad } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, SCRATCH_BYTES } from '../kernels.ts';
import { segmentsPerTask, withSegmentOrder } from './rows.ts';
import { type Inputs, override, rowsPerTask, sizeOf } from './support.ts';

const OP = 'sampledSoftmaxLoss';
const TOKENS_PER_TASK = 64;

function checkIds(backend: SimdBackend, info: TensorInfo, items: number, what: string): void {
  const ids = backend.view(info);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] < 0 || ids[i] >= items)
      throw new ShapeError(`${OP}: expected ${what} from 0 to ${items - 1}; got ${ids[i]} at position ${i}`);
  }
}

/** A matrix whose rows are a multiple of 8 floats long: the input itself, or a copy padded with zeros. */
function withPaddedRows<T>(
  backend: SimdBackend,
  infos: readonly TensorInfo[],
  use: (width: number, addresses: number[]) => T,
): T {
  const d = infos[0].shape[1];
  const width = Math.ceil(d / 8) * 8;
  const addresses = infos.map((info) => backend.address(info));
  if (width === d) return use(width, addresses);
  return backend.withTemporaries(
    infos.map((info) => info.shape[0] * width * 4),
    'padded rows',
    (...padded) => {
      infos.forEach(({ shape: [rows] }, i) => {
        const perTask = rowsPerTask(width);
        backend.pool.run(KERNEL.padRows, Math.ceil(rows / perTask), [addresses[i], padded[i], d, width, rows, perTask]);
      });
      return use(width, padded);
    },
  );
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
  const ids = [positives, negatives].map((x) => backend.address(x));
  return [...addresses, ...ids, sizeOf(logQ) > 0 ? backend.address(logQ) : 0, t, r, width, 0, TOKENS_PER_TASK];
}

/** Entries a token: the positive and R negatives, rounded up to a vector. */
function entries(negatives: TensorInfo): number {
  return Math.ceil((negatives.shape[1] + 1) / 4) * 4;
}

function forward(inputs: Inputs, backend: SimdBackend, { temperature }: SampledSoftmaxAttrs): TensorInfo[] {
  const { queries, items, positives, negatives } = inputs;
  const [t, d] = queries.shape;
  const loss = backend.output([t]);
  const logSumExp = backend.output([t]);
  const count = entries(negatives);
  // The logits stay with logSumExp, for the backward pass, and go when it goes.
  const logits = backend.attach(logSumExp.info, t * count * 4, 'logits');
  withPaddedRows(backend, [queries, items], (width, addresses) => {
    const ints = [
      ...common(backend, inputs, width, addresses),
      loss.address,
      logSumExp.address,
      0,
      0,
      logits,
      count,
      d,
      0,
      items.shape[0],
    ];
    try {
      backend.pool.run(KERNEL.sampledSoftmax, Math.ceil(t / TOKENS_PER_TASK), ints, { 8: 1 / temperature });
    } catch (cause) {
      // The kernel checks ids as it reads them; which one is wrong is looked for only then.
      for (const { info } of [loss, logSumExp]) backend.disposeData(info.dataId, true);
      checkIds(backend, positives, items.shape[0], 'positives');
      checkIds(backend, negatives, items.shape[0], 'negatives');
      throw cause;
    }
  });
  return [loss.info, logSumExp.info];
}

interface Entries {
  readonly ids: number;
  readonly coefficients: number;
  /** Entries a token, with and without padding. */
  readonly count: number;
  readonly used: number;
}

interface Sizes {
  readonly queries: number;
  readonly t: number;
  readonly rows: number;
  readonly d: number;
  readonly width: number;
}

/** Item tables up to this size are summed in tables of their own, one for each of a fixed number of groups of tokens. */
const TABLE_BYTES = 1_500_000;
const GROUPS = 8;

function sumInTables(backend: SimdBackend, entriesOf: Entries, sizes: Sizes, dItems: number): void {
  const { queries, t, rows, d, width } = sizes;
  backend.withTemporaries([GROUPS * rows * width * 4], 'item gradients by group', (tables) => {
    const perGroup = Math.ceil(t / GROUPS);
    const { ids, coefficients, count, used } = entriesOf;
    const ints = [queries, ids, coefficients, tables, t, count, used, width, rows, perGroup];
    backend.pool.run(KERNEL.sampledSoftmaxItems, GROUPS, ints);
    const perTask = rowsPerTask(width);
    backend.pool.run(KERNEL.sumParts, Math.ceil(rows / perTask), [tables, dItems, GROUPS, rows, d, width, perTask]);
  });
}

/** Sorts the entries by item, then sums each item's. */
function sumSorted(backend: SimdBackend, entriesOf: Entries, sizes: Sizes, dItems: number): void {
  const { queries, t, rows, d, width } = sizes;
  const { ids, coefficients, count } = entriesOf;
  withSegmentOrder(backend, { ids, n: t * count, group: count, weights: coefficients }, rows, (order) => {
    const perTask = segmentsPerTask(rows);
    const sums = [queries, order.rows, order.offsets, dItems, rows, d, perTask, order.weights, width * 4];
    backend.pool.run(KERNEL.sumSegments, Math.ceil(rows / perTask), sums);
  });
}

function backward(inputs: Inputs, backend: SimdBackend, { temperature }: SampledSoftmaxAttrs): TensorInfo[] {
  const { queries, items, negatives, logSumExp, dLoss } = inputs;
  const [t, d] = queries.shape;
  const rows = items.shape[0];
  const count = entries(negatives);
  const logits = backend.attached(logSumExp, 'logits');
  if (logits === undefined)
    throw new BackendError(`${OP}: expected the logSumExp that the forward pass returned; got another tensor`);
  const [pl, pd] = [backend.address(logSumExp), backend.address(dLoss)];
  const dQueries = backend.output(queries.shape);
  const dItems = backend.output(items.shape);
  const n = t * count;
  backend.withTemporaries([n * 4, n * 4], 'sampled-softmax coefficients', (coefficients, ids) => {
    withPaddedRows(backend, [queries, items], (width, addresses) => {
      const known = [...common(backend, inputs, width, addresses), 0, pl, pd, dQueries.address];
      const ints = [...known, logits, count, d, ids, rows, coefficients];
      backend.pool.run(KERNEL.sampledSoftmaxGrad, Math.ceil(t / TOKENS_PER_TASK), ints, { 8: 1 / temperature });
      const entriesOf = { ids, coefficients, count, used: negatives.shape[1] + 1 };
      const sum = rows * width * 4 <= TABLE_BYTES ? sumInTables : sumSorted;
      sum(backend, entriesOf, { queries: addresses[0], t, rows, d, width }, dItems.address);
    });
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
