import { silu, siluGrad } from './silu.ts';

/** Float64 reference of `y_i = silu(z[:, block i])`; `z` has rows of `sum(sizes)` numbers. */
export function siluSplit(z: ArrayLike<number>, sizes: readonly number[]): Float64Array[] {
  return splitColumns(silu(z), sizes);
}

/** `dz`: the gradients of the blocks side by side, each times the derivative of SiLU. */
export function siluSplitGrad(
  z: ArrayLike<number>,
  dys: readonly ArrayLike<number>[],
  sizes: readonly number[],
): Float64Array {
  const width = sizes.reduce((sum, size) => sum + size, 0);
  const dy = new Float64Array(z.length);
  let start = 0;
  sizes.forEach((size, block) => {
    for (let i = 0; i < dys[block].length; i++) dy[Math.floor(i / size) * width + start + (i % size)] = dys[block][i];
    start += size;
  });
  return siluGrad(z, dy);
}

function splitColumns(x: Float64Array, sizes: readonly number[]): Float64Array[] {
  const width = sizes.reduce((sum, size) => sum + size, 0);
  let end = 0;
  return sizes.map((size) => {
    const start = end;
    end += size;
    return x.filter((_, i) => i % width >= start && i % width < start + size);
  });
}
