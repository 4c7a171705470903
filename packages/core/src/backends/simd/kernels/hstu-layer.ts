import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  GatedNorm,
  type GatedNormAttrs,
  GatedNormGrad,
  SiluSplit,
  type SiluSplitAttrs,
  SiluSplitGrad,
} from '../../kernel-names.ts';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, SCRATCH_BYTES } from '../kernels.ts';
import { dropoutSlots } from './random.ts';
import { override, rowsAndInner, rowsPerTask } from './support.ts';
import type { Inputs } from './types.ts';

/** Outputs that fit the argument block beside the fixed slots. */
const MAXIMUM_SPLITS = 24;

function split(z: TensorInfo, backend: SimdBackend, sizes: readonly number[]): TensorInfo[] | undefined {
  if (sizes.length > MAXIMUM_SPLITS) return undefined;
  const [rows, width] = z.shape;
  const from = backend.address(z);
  const outputs = sizes.map((size) => backend.output([rows, size]));
  const perTask = rowsPerTask(width);
  const pairs = outputs.flatMap(({ address }, i) => [address, sizes[i]]);
  const values = { Z: from, WIDTH: width, ROWS: rows, PER_TASK: perTask, COUNT: sizes.length, OUTPUTS: pairs };
  backend.pool.run(KERNEL.siluSplit, Math.ceil(rows / perTask), values);
  return outputs.map(({ info }) => info);
}

function splitGrad(z: TensorInfo, dys: readonly TensorInfo[], backend: SimdBackend): TensorInfo | undefined {
  if (dys.length > MAXIMUM_SPLITS) return undefined;
  const [rows, width] = z.shape;
  const from = backend.address(z);
  const pairs = dys.flatMap((dy) => [backend.address(dy), dy.shape[1]]);
  const dz = backend.output(z.shape);
  const perTask = rowsPerTask(width);
  const values = { Z: from, WIDTH: width, ROWS: rows, PER_TASK: perTask, COUNT: dys.length };
  backend.pool.run(KERNEL.siluSplitGrad, Math.ceil(rows / perTask), { ...values, OUTPUTS: [...pairs, dz.address] });
  return dz.info;
}

/** Whether the factors of a task's rows of `d` and a row of the gradient fit a thread's scratch memory. */
function fits(d: number): boolean {
  return (rowsPerTask(d) * d + d) * 4 + 64 * 1024 <= SCRATCH_BYTES;
}

/** What both kernels are given; undefined where a task does not fit. */
function common({ u, x }: Inputs, backend: SimdBackend, attrs: GatedNormAttrs) {
  const [rows, d] = rowsAndInner(x.shape);
  if (!fits(d)) return undefined;
  return {
    U: backend.address(u),
    X: backend.address(x),
    ROWS: rows,
    D: d,
    PER_TASK: rowsPerTask(d),
    EPSILON: float(attrs.epsilon),
    DROPOUT: attrs.rate > 0 ? 1 : 0,
    ...dropoutSlots(attrs),
  };
}

function gated(inputs: Inputs, backend: SimdBackend, attrs: GatedNormAttrs): TensorInfo | undefined {
  const shared = common(inputs, backend, attrs);
  if (shared === undefined) return undefined;
  const y = backend.output(inputs.x.shape);
  const tasks = shared.D === 0 ? 0 : Math.ceil(shared.ROWS / shared.PER_TASK);
  backend.pool.run(KERNEL.gatedNorm, tasks, { ...shared, Y: y.address });
  return y.info;
}

function gatedGrad(inputs: Inputs, backend: SimdBackend, attrs: GatedNormAttrs): TensorInfo[] | undefined {
  const shared = common(inputs, backend, attrs);
  if (shared === undefined) return undefined;
  const pd = backend.address(inputs.dy);
  const [du, dx] = [backend.output(inputs.u.shape), backend.output(inputs.x.shape)];
  const tasks = shared.D === 0 ? 0 : Math.ceil(shared.ROWS / shared.PER_TASK);
  backend.pool.run(KERNEL.gatedNormGrad, tasks, { ...shared, DY: pd, DU: du.address, DX: dx.address });
  return [du.info, dx.info];
}

export function registerHstuLayer(name: string): void {
  override(name, SiluSplit, ({ z }, backend, attrs) => split(z, backend, (attrs as unknown as SiluSplitAttrs).sizes));
  override(name, SiluSplitGrad, ({ z, ...dys }, backend) => {
    const ordered = Object.keys(dys).sort((a, b) => Number(a.slice(2)) - Number(b.slice(2)));
    return splitGrad(
      z,
      ordered.map((key) => dys[key]),
      backend,
    );
  });
  override(name, GatedNorm, (inputs, backend, attrs) => gated(inputs, backend, attrs as unknown as GatedNormAttrs));
  override(name, GatedNormGrad, (inputs, backend, attrs) =>
    gatedGrad(inputs, backend, attrs as unknown as GatedNormAttrs),
  );
}
