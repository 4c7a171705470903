import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { FLAT_THREADS, flatGroups } from './support.ts';

/** Columns that the stock product reads at a time. */
const STEP = 32;

const padColumns: Program = {
  op: 'PadColumns',
  key: '',
  bindings: bind('x', 'y!'),
  uniforms: uniforms('count', 'first', 'width', 'padded'),
  threads: FLAT_THREADS,
  body: `
  let i = group * ${FLAT_THREADS}u + lane;
  if (i >= u.count) { return; }
  let column = i % u.padded;
  y[i] = 0.0;
  if (column < u.width) { y[i] = x[(u.first + i / u.padded) * u.width + column]; }`,
};

/**
 * Rows `first .. first + rows - 1` of `x [n, width]`, padded with zeros to a multiple of what the stock
 * product reads at a time: with other widths it multiplies the rows that follow by zero, so that a NaN in one
 * row would reach its neighbours.
 */
export function padRows(
  backend: SeqrecWebgpuBackend,
  x: TensorInfo,
  { first = 0, rows = x.shape[0] }: { readonly first?: number; readonly rows?: number } = {},
): TensorInfo {
  const width = x.shape[1];
  const padded = Math.max(STEP, Math.ceil(width / STEP) * STEP);
  const y = backend.output([rows, padded]);
  const count = rows * padded;
  const scalars = { count, first, width, padded };
  backend.dispatch(padColumns, { tensors: [x, y], uniforms: scalars, groups: flatGroups(count) });
  return y;
}
