import type { TensorInfo } from '@tensorflow/tfjs-core';
import { SampledScores, SampledScoresGrad } from '../../kernel-names.ts';
import type { Values } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, SCRATCH_BYTES } from '../kernels.ts';
import type * as SAMPLED_SCORES from '../slots/sampled-scores.ts';
import { checkIds, copyPadded, sumBySegment } from './rows.ts';
import { override, sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

const OP = 'sampledScores';
const QUERIES_PER_TASK = 64;

/** Whether there is something to do and a thread's scratch memory holds a query's share of it. */
function fits({ queries, ids }: Inputs): boolean {
  const [, each] = ids.shape;
  return sizeOf(ids) > 0 && each <= SCRATCH_BYTES / 64 && queries.shape[1] <= SCRATCH_BYTES / 8;
}

/** Calls `run` with rows of a multiple of 8 floats: those given, or copies padded with zeros. */
function withPaddedRows(
  backend: SimdBackend,
  { queries, items, ids }: Inputs,
  run: (values: Values<typeof SAMPLED_SCORES>) => void,
): void {
  const d = queries.shape[1];
  const width = Math.ceil(d / 8) * 8;
  const infos = [queries, items];
  const addresses = infos.map((info) => backend.address(info));
  const common = {
    IDS: backend.address(ids),
    ROWS: ids.shape[0],
    R: ids.shape[1],
    WIDTH: width,
    ITEM_COUNT: items.shape[0],
    PER_TASK: QUERIES_PER_TASK,
  };
  const sizes = infos.map(({ shape: [rows] }) => (width === d ? 0 : rows * width * 4));
  backend.withTemporaries(sizes, 'padded rows', (...padded) => {
    if (width === d) return run({ ...common, QUERIES: addresses[0], ITEMS: addresses[1] });
    for (const [i, to] of padded.entries()) {
      copyPadded(backend, { from: addresses[i], to, d, width, rows: infos[i].shape[0] });
    }
    run({ ...common, QUERIES: padded[0], ITEMS: padded[1] });
  });
}

function forward(inputs: Inputs, backend: SimdBackend): TensorInfo | undefined {
  if (!fits(inputs)) return undefined;
  const { items, ids } = inputs;
  const scores = backend.output(ids.shape);
  try {
    withPaddedRows(backend, inputs, (values) =>
      backend.pool.run(KERNEL.sampledScores, Math.ceil(values.ROWS / QUERIES_PER_TASK), {
        ...values,
        SCORES: scores.address,
      }),
    );
    if (!backend.isBelow(ids, items.shape[0])) backend.wait();
  } catch (cause) {
    // The kernel checks ids as it reads them; which one is wrong is looked for only then.
    backend.disposeData(scores.info.dataId, true);
    checkIds(backend, OP, items, ids);
    throw cause;
  }
  return scores.info;
}

function backward(inputs: Inputs, backend: SimdBackend): TensorInfo[] | undefined {
  if (!fits(inputs)) return undefined;
  const { queries, items, ids, dScores } = inputs;
  const [segments, d] = items.shape;
  const each = ids.shape[1];
  const gradient = backend.address(dScores);
  const dQueries = backend.output(queries.shape);
  const dItems = backend.output(items.shape);
  withPaddedRows(backend, inputs, (values) => {
    const own = { D_SCORES: gradient, D_QUERIES: dQueries.address, D: d };
    backend.pool.run(KERNEL.sampledScoresGrad, Math.ceil(values.ROWS / QUERIES_PER_TASK), { ...values, ...own });
    const stride = values.WIDTH * 4;
    const entries = { ids: values.IDS, n: sizeOf(ids), group: each, weights: gradient, x: values.QUERIES, stride };
    sumBySegment(backend, entries, { segments, d, to: dItems.address });
  });
  return [dQueries.info, dItems.info];
}

export function registerSampledScores(name: string): void {
  override(name, SampledScores, forward);
  override(name, SampledScoresGrad, backward);
}
