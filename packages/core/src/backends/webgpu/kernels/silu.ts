import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Silu, SiluGrad, SiluSplit, type SiluSplitAttrs, SiluSplitGrad } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';
import { SIGMOID } from './wgsl.ts';

const DERIVATIVE = `${SIGMOID}
fn siluGrad(x: f32) -> f32 {
  let s = sigmoid(x);
  return s * (1.0 + x * (1.0 - s));
}
`;

const forward: Program = {
  op: Silu,
  key: '',
  bindings: bind('x', 'y!'),
  uniforms: uniforms('count'),
  threads: FLAT_THREADS,
  globals: SIGMOID,
  body: `
  let i = group * ${FLAT_THREADS}u + lane;
  if (i < u.count) { y[i] = x[i] * sigmoid(x[i]); }`,
};

const backward: Program = {
  ...forward,
  op: SiluGrad,
  bindings: bind('x', 'dy', 'dx!'),
  globals: DERIVATIVE,
  body: `
  let i = group * ${FLAT_THREADS}u + lane;
  if (i < u.count) { dx[i] = dy[i] * siluGrad(x[i]); }`,
};

/** A block of columns of a wide matrix: element `i` of the block is element `at` of the matrix. */
const BLOCK = `
  let i = group * ${FLAT_THREADS}u + lane;
  let at = (i / u.width) * u.total + u.start + i % u.width;`;

const splitForward: Program = {
  ...forward,
  op: SiluSplit,
  bindings: bind('z', 'y!'),
  uniforms: uniforms('count', 'width', 'total', 'start'),
  body: `${BLOCK}
  if (i < u.count) { y[i] = z[at] * sigmoid(z[at]); }`,
};

const splitBackward: Program = {
  ...splitForward,
  op: SiluSplitGrad,
  bindings: bind('z', 'dy', 'dz!'),
  globals: DERIVATIVE,
  body: `${BLOCK}
  if (i < u.count) { dz[at] = dy[i] * siluGrad(z[at]); }`,
};

/** First column of each block. */
function starts(sizes: readonly number[]): number[] {
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return start - size;
  });
}

export function registerSilu(name: string): void {
  override(name, Silu, ({ x }, backend) => {
    const y = backend.output(x.shape);
    const count = sizeOf(x);
    backend.dispatch(forward, { tensors: [x, y], uniforms: { count }, groups: flatGroups(count) });
    return y;
  });
  override(name, SiluGrad, ({ x, dy }, backend) => {
    const dx = backend.output(x.shape);
    const count = sizeOf(x);
    backend.dispatch(backward, { tensors: [x, dy, dx], uniforms: { count }, groups: flatGroups(count) });
    return dx;
  });
  override<SiluSplitAttrs>(name, SiluSplit, ({ z }, backend, { sizes }) => {
    const [rows, total] = z.shape;
    const at = starts(sizes);
    return sizes.map((width, block): TensorInfo => {
      const y = backend.output([rows, width]);
      const scalars = { count: rows * width, width, total, start: at[block] };
      backend.dispatch(splitForward, { tensors: [z, y], uniforms: scalars, groups: flatGroups(rows * width) });
      return y;
    });
  });
  override<SiluSplitAttrs>(name, SiluSplitGrad, ({ z, ...dys }, backend, { sizes }) => {
    const [rows, total] = z.shape;
    const dz = backend.output(z.shape);
    const at = starts(sizes);
    for (const [block, width] of sizes.entries()) {
      const scalars = { count: rows * width, width, total, start: at[block] };
      const tensors = [z, dys[`dy${block}`], dz];
      backend.dispatch(splitBackward, { tensors, uniforms: scalars, groups: flatGroups(rows * width) });
    }
    return dz;
  });
}
