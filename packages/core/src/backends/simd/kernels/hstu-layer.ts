import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  GatedNorm,
  type GatedNormAttrs,
  GatedNormGrad,
  SiluSplit,
  type SiluSplitAttrs,
  SiluSplitGrad,
} from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, SCRATCH_BYTES } from '../kernels.ts';
import { dropoutSlots } from './random.ts';
import { override, rowsAndInner, rowsPerTask } from './support.ts';

/** Outputs that fit the argument block beside the fixed slots. */
const MAXIMUM_SPLITS = 24;

function split(z: TensorInfo, backend: SimdBackend, sizes: readonly number[]): TensorInfo[] | undefined {
  if (sizes.length > MAXIMUM_SPLITS) return undefined;
  const [rows, width] = z.shape;
  const from = backend.address(z);
  const outputs = sizes.map((size) => backend.output([rows, size]));
  const perTask = rowsPerTask(width);
  const pairs = outputs.flatMap(({ address }, i) => [address, sizes[i]]);
  backend.pool.run(KERNEL.siluSplit, Math.ceil(rows / perTask), [from, width, rows, perTask, sizes.length, ...pairs]);
  return outputs.map(({ info }) => info);
}

function splitGrad(z: TensorInfo, dys: readonly TensorInfo[], backend: SimdBackend): TensorInfo | undefined {
  if (dys.length > MAXIMUM_SPLITS) return undefined;
  const [rows, width] = z.shape;
  const from = backend.address(z);
  const pairs = dys.flatMap((dy) => [backend.address(dy), dy.shape[1]]);
  const dz = backend.output(z.shape);
  const perTask = rowsPerTask(width);
  const ints = [from, width, rows, perTask, dys.length, ...pairs, dz.address];
  backend.pool.run(KERNEL.siluSplitGrad, Math.ceil(rows / perTask), ints);
  return dz.info;
}

/** Whether the factors of a task's rows of `d` and a row of the gradient fit a thread's scratch memory. */
function fits(d: number): boolean {
  return (rowsPerTask(d) * d + d) * 4 + 64 * 1024 <= SCRATCH_BYTES;
}

function gated(
  inputs: readonly TensorInfo[],
  outputs: number,
  backend: SimdBackend,
  attrs: GatedNormAttrs,
): TensorInfo[] | undefined {
  const { epsilon, rate } = attrs;
  const [, x, dy] = inputs;
  const [rows, d] = rowsAndInner(x.shape);
  if (!fits(d)) return undefined;
  const addresses = inputs.map((info) => backend.address(info));
  const made = Array.from({ length: outputs }, () => backend.output(x.shape));
  if (rows * d === 0) return made.map(({ info }) => info);
  const perTask = rowsPerTask(d);
  const [, , pd] = dy ? addresses : [0, 0, 0];
  const ints = [
    ...[addresses[0], addresses[1], dy ? 0 : made[0].address, rows, d, perTask, 0, rate > 0 ? 1 : 0],
    ...[...dropoutSlots(attrs), pd, ...(dy ? made.map(({ address }) => address) : [])],
  ];
  backend.pool.run(dy ? KERNEL.gatedNormGrad : KERNEL.gatedNorm, Math.ceil(rows / perTask), ints, {
    6: epsilon,
    9: 1 / (1 - rate),
  });
  return made.map(({ info }) => info);
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
  override(
    name,
    GatedNorm,
    ({ u, x }, backend, attrs) => gated([u, x], 1, backend, attrs as unknown as GatedNormAttrs)?.[0],
  );
  override(name, GatedNormGrad, ({ u, x, dy }, backend, attrs) =>
    gated([u, x, dy], 2, backend, attrs as unknown as GatedNormAttrs),
  );
}
