import { streamKey, uniform01 } from '@seqrec/core';
import type * as tf from '@tensorflow/tfjs-core';
import { Matrix, solve } from 'ml-matrix';
import { assignValues } from '../../parameters.ts';
import type { RqVae } from './rq-vae.ts';

/** Codes without a row in the epoch become rows of what their level reads. */
export async function reviveCodes(
  model: RqVae,
  used: readonly Uint8Array[],
  residuals: readonly tf.Tensor2D[],
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): Promise<void> {
  for (const [level, of] of used.entries()) {
    const dead = Array.from(of.keys()).filter((code) => of[code] === 0);
    if (dead.length === 0) continue;
    const table = model.books.table(level);
    const [rows, values] = [await residuals[level].data(), (await table.data()).slice() as Float32Array];
    const [count, width] = residuals[level].shape;
    const draws = uniform01(streamKey(seed, `rq-vae/revive ${level}`), epoch, dead.length);
    const drawn = dead.map((_, i) => Math.floor(draws[i] * count));
    const wanted = drawn.map((row) => rows.subarray(row * width, (row + 1) * width) as Float32Array);
    const map = model.books.maps().at(level);
    const own = map === undefined ? wanted : behindMap(wanted, (await map.data()) as Float32Array);
    for (const [i, code] of dead.entries()) values.set(own[i], code * width);
    assignValues(table, values);
  }
}

/** Rows `t` with `t W^T` the wanted ones, or as near to them as a singular `W` allows. */
function behindMap(wanted: readonly Float32Array[], map: Float32Array): number[][] {
  const width = wanted[0].length;
  const matrix = Matrix.from1DArray(width, width, map);
  return solve(matrix, new Matrix(wanted.map((row) => [...row])).transpose(), true)
    .transpose()
    .to2DArray();
}
