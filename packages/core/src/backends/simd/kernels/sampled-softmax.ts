import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError, UnsupportedError } from '../../../errors.ts';
import { SampledSoftmax, type SampledSoftmaxAttrs, SampledSoftmaxGrad } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, SCRATCH_BYTES } from '../kernels.ts';
import { segmentsPerTask, withSegmentOrder } from './rows.ts';
import { type Inputs, override, sizeOf } from './support.ts';

const OP = 'sampledSoftmaxLoss';
const TOKENS_PER_TASK = 64;

function checkIds(backend: SimdBackend, info: TensorInfo, items: number, what: string): void {
  const ids = backend.view(info);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] < 0 || ids[i] >= items)
      throw new ShapeError(`${OP}: expected ${what} from 0 to ${items - 1}; got ${ids[i]} at position ${i}`);
  }
}

/** Slots 0 to 9. */
function common(backend: SimdBackend, { queries, items, positives, negatives, logQ }: Inputs): number[] {
  const [t, d] = queries.shape;
  const r = negatives.shape[1];
  if ((r + 8) * 4 > SCRATCH_BYTES)
    throw new UnsupportedError(`${OP}: expected at most ${SCRATCH_BYTES / 4 - 8} negatives a token; got ${r}`);
  const [pq, pi, pp, pn] = [queries, items, positives, negatives].map((x) => backend.address(x));
  return [pq, pi, pp, pn, sizeOf(logQ) > 0 ? backend.address(logQ) : 0, t, r, d, 0, TOKENS_PER_TASK];
}

function forward(inputs: Inputs, backend: SimdBackend, { temperature }: SampledSoftmaxAttrs): TensorInfo[] {
  const { items, positives, negatives } = inputs;
  checkIds(backend, positives, items.shape[0], 'positives');
  checkIds(backend, negatives, items.shape[0], 'negatives');
  const ints = common(backend, inputs);
  const t = ints[5];
  const loss = backend.output([t]);
  const logSumExp = backend.output([t]);
  const tasks = Math.ceil(t / TOKENS_PER_TASK);
  backend.pool.run(KERNEL.sampledSoftmax, tasks, [...ints, loss.address, logSumExp.address], { 8: 1 / temperature });
  return [loss.info, logSumExp.info];
}

function backward(inputs: Inputs, backend: SimdBackend, { temperature }: SampledSoftmaxAttrs): TensorInfo[] {
  const { queries, items, logSumExp, dLoss } = inputs;
  const ints = common(backend, inputs);
  const [t, r, d] = ints.slice(5, 8);
  const rows = items.shape[0];
  const [pl, pd] = [backend.address(logSumExp), backend.address(dLoss)];
  const dQueries = backend.output(queries.shape);
  const dItems = backend.output(items.shape);
  const n = t * (r + 1);
  backend.withTemporaries([n * 4, n * 4], 'sampled-softmax coefficients', (coefficients, ids) => {
    const tasks = Math.ceil(t / TOKENS_PER_TASK);
    backend.pool.run(KERNEL.sampledSoftmaxGrad, tasks, [...ints, 0, pl, pd, dQueries.address, coefficients, ids], {
      8: 1 / temperature,
    });
    withSegmentOrder(backend, ids, n, rows, ({ order, offsets }) => {
      const perTask = segmentsPerTask(rows);
      backend.pool.run(KERNEL.sumSegments, Math.ceil(rows / perTask), [
        ints[0],
        order,
        offsets,
        dItems.address,
        rows,
        d,
        perTask,
        coefficients,
        r + 1,
      ]);
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
