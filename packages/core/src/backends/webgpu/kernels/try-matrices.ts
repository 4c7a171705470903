import type { TensorInfo } from '@tensorflow/tfjs-core';
import { normals } from '../../../random/streams.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { type MatrixUnit, matrixDialects } from '../matrix-unit.ts';
import { multiply } from './half-products.ts';

/** Largest difference from the plain program, relative to the largest result: both round the same operands, sums differ. */
const BOUND = 1e-4;
/** No multiple of a tile or matrix, more terms than a tile, and a long sum that is cut. */
const SHAPES = [
  { rows: 70, terms: 100, columns: 90, transposeA: false, transposeB: false },
  { rows: 33, terms: 61, columns: 7, transposeA: true, transposeB: true },
  { rows: 50, terms: 1100, columns: 65, transposeA: true, transposeB: false },
] as const;

/**
 * Tries products with subgroup matrices against the plain program on the device, in each dialect of WGSL.
 *
 * @returns the unit that gives the same, or why none does: it does not compile, or by how much it errs.
 */
export async function checkMatrixUnit(
  backend: SeqrecWebgpuBackend,
  unit: Omit<MatrixUnit, 'dialect'>,
): Promise<MatrixUnit | string> {
  let why = '';
  for (const dialect of matrixDialects) {
    const candidate = { ...unit, dialect };
    try {
      const error = await largestError(backend, candidate);
      if (error <= BOUND) return candidate;
      why = `products differ from those of the plain program by ${error.toExponential(1)}`;
    } catch (error) {
      why = (error as Error).message.split('\n')[0];
    }
  }
  return why;
}

async function largestError(backend: SeqrecWebgpuBackend, unit: MatrixUnit): Promise<number> {
  let worst = 0;
  for (const [seed, shape] of SHAPES.entries()) {
    const { rows, terms, columns, transposeA, transposeB } = shape;
    const a = upload(backend, transposeA ? [terms, rows] : [rows, terms], seed);
    const b = upload(backend, transposeB ? [columns, terms] : [terms, columns], 10 + seed);
    const bias = upload(backend, [columns], 20 + seed);
    const run = async (matrices: MatrixUnit | undefined): Promise<Float32Array> => {
      const before = backend.matrixUnit;
      backend.matrixUnit = matrices;
      try {
        const y = multiply(backend, { a, b, bias, transposeA, transposeB, activation: 'relu' }) as TensorInfo;
        return (await backend.read(y.dataId).finally(() => backend.disposeData(y.dataId))) as Float32Array;
      } finally {
        backend.matrixUnit = before;
      }
    };
    try {
      const [plain, ours] = [await run(undefined), await run(unit)];
      const size = plain.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      for (const [i, x] of plain.entries()) {
        const error = Math.abs(ours[i] - x) / size;
        if (!(error <= worst)) worst = error;
      }
    } finally {
      for (const { dataId } of [a, b, bias]) backend.disposeData(dataId);
    }
  }
  return worst;
}

/** Numbers that grow along the array, so that sums have to follow a new power of two. */
function upload(backend: SeqrecWebgpuBackend, shape: number[], seed: number): TensorInfo {
  const count = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from(normals({ k0: seed, k1: 0x7a57 }, 0, count), (x, i) => x * (0.01 + i / count));
  return backend.makeTensorInfo(shape, 'float32', values);
}
