import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GatedRecurrence, type GatedRecurrenceAttrs, GatedRecurrenceGrad } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { override, sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

/** Sequences of a task, as in `assembly/gated-recurrence.ts`. */
const ROWS = 12;
/** Widest state whose task fits a thread's scratch memory. */
const MAXIMUM_WIDTH = 8192;
const PANELS_PER_TASK = 8;

/** Places of a call's temporaries: packed weight and first row of each step. */
type Place = (memory: { readonly packed: number; readonly begins: number }) => void;

function withWeights(
  backend: SimdBackend,
  weight: TensorInfo,
  sizes: readonly number[],
  transposed: boolean,
  use: Place,
): void {
  const [n, k] = transposed ? weight.shape : [weight.shape[1], weight.shape[0]];
  const panels = Math.ceil(n / 8);
  backend.withTemporaries([panels * 32 * k, 4 * (sizes.length + 1)], 'packed recurrent weights', (packed, begins) => {
    const rows = new Int32Array(sizes.length + 1);
    for (let s = 0; s < sizes.length; s++) rows[s + 1] = rows[s] + sizes[s];
    backend.copy(rows, begins);
    const tasks = Math.ceil(panels / PANELS_PER_TASK);
    backend.pool.run(KERNEL.packB, tasks, {
      B: backend.address(weight),
      PACKED: packed,
      N: n,
      K: k,
      ROW_BYTES: 4 * weight.shape[1],
      TRANSPOSED: transposed ? 1 : 0,
      BATCH_BYTES: 0,
      PACKED_BATCH_BYTES: 0,
      PANELS_PER_TASK,
      TASKS_PER_BATCH: tasks,
    });
    use({ packed, begins });
  });
}

function forward(
  { x, weight, bias, initial }: Inputs,
  backend: SimdBackend,
  sizes: readonly number[],
): TensorInfo[] | undefined {
  const width = weight.shape[1];
  if (width > MAXIMUM_WIDTH) return undefined;
  const states = backend.output([x.shape[0], width]);
  const gates = backend.output([x.shape[0], 4 * width]);
  const [px, pb] = [x, bias].map((info) => backend.address(info));
  const before = sizeOf(initial) > 0 ? backend.address(initial) : 0;
  withWeights(backend, weight, sizes, true, ({ packed, begins }) => {
    const tasks = Math.ceil(sizes[0] / ROWS);
    backend.pool.run(KERNEL.recurrentForward, tasks, {
      X: px,
      PACKED: packed,
      BIAS: pb,
      STATES: states.address,
      GATES: gates.address,
      BEGINS: begins,
      STEPS: sizes.length,
      WIDTH: width,
      TASKS: tasks,
      INITIAL: before,
    });
  });
  return [states.info, gates.info];
}

function backward(
  { weight, states, gates, dy }: Inputs,
  backend: SimdBackend,
  sizes: readonly number[],
): TensorInfo[] | undefined {
  const [tokens, width] = states.shape;
  if (width > MAXIMUM_WIDTH) return undefined;
  const [dx, dInner] = [0, 1].map(() => backend.output([tokens, 3 * width]));
  const [ps, pg, pd] = [states, gates, dy].map((info) => backend.address(info));
  withWeights(backend, weight, sizes, false, ({ packed, begins }) => {
    const tasks = Math.ceil(sizes[0] / ROWS);
    backend.pool.run(KERNEL.recurrentBackward, tasks, {
      DY: pd,
      PACKED: packed,
      DX: dx.address,
      STATES: ps,
      GATES: pg,
      BEGINS: begins,
      STEPS: sizes.length,
      WIDTH: width,
      TASKS: tasks,
      D_INNER: dInner.address,
    });
  });
  return [dx.info, dInner.info];
}

export function registerGatedRecurrence(name: string): void {
  const sizesOf = (attrs: unknown): readonly number[] => (attrs as GatedRecurrenceAttrs).sizes;
  override(name, GatedRecurrence, (inputs, backend, attrs) => forward(inputs, backend, sizesOf(attrs)));
  override(name, GatedRecurrenceGrad, (inputs, backend, attrs) => backward(inputs, backend, sizesOf(attrs)));
}
