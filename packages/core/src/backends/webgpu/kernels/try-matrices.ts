import { getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { normals } from '../../../random/streams.ts';
import { HstuAttention } from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { type MatrixUnit, matrixDialects } from '../matrix-unit.ts';
import { multiply } from './half-products.ts';
import { fitsAttention } from './matrix-attention.ts';
import type { Inputs } from './support.ts';

type Use = 'products' | 'attention';

/**
 * Largest difference from the plain program, relative to the largest result. Products round the same operands, only
 * sums differ; in attention the weights are rounded as well.
 */
const BOUNDS: Readonly<Record<Use, number>> = { products: 1e-4, attention: 4e-3 };

/** No multiple of a tile or matrix, more terms than a tile, and a long sum that is cut. */
const PRODUCTS = [
  { rows: 70, terms: 100, columns: 90, transposeA: false, transposeB: false },
  { rows: 33, terms: 61, columns: 7, transposeA: true, transposeB: true },
  { rows: 50, terms: 1100, columns: 65, transposeA: true, transposeB: false },
] as const;

/** What was taken, or why not: it does not compile, or by how much it errs. */
export type Trial = MatrixUnit | string;

/** Tries products with subgroup matrices against the plain program on the device, in each dialect of WGSL. */
export async function tryProducts(backend: SeqrecWebgpuBackend, unit: Omit<MatrixUnit, 'dialect'>): Promise<Trial> {
  let trial: Trial = '';
  for (const dialect of matrixDialects) {
    trial = await compare(backend, 'products', { ...unit, dialect }, productRuns);
    if (typeof trial !== 'string') break;
  }
  return trial;
}

/** Tries attention with subgroup matrices that products use already. */
export async function tryAttention(backend: SeqrecWebgpuBackend, unit: MatrixUnit): Promise<Trial> {
  if (!fitsAttention(unit)) return `no tiles of ${unit.M} by ${unit.N}`;
  return compare(backend, 'attention', unit, attentionRuns);
}

/** A computation whose inputs lie ready. */
interface Run {
  readonly inputs: Inputs;
  compute(inputs: Inputs): TensorInfo;
}

async function compare(
  backend: SeqrecWebgpuBackend,
  use: Use,
  unit: MatrixUnit,
  runs: (backend: SeqrecWebgpuBackend) => Iterable<Run>,
): Promise<Trial> {
  const before = backend.matrices[use];
  let worst = 0;
  try {
    for (const { inputs, compute } of runs(backend)) {
      const read = async (matrices: MatrixUnit | undefined): Promise<Float32Array> => {
        backend.matrices[use] = matrices;
        const y = compute(inputs);
        return (await backend.read(y.dataId).finally(() => backend.disposeData(y.dataId))) as Float32Array;
      };
      try {
        worst = Math.max(worst, difference(await read(undefined), await read(unit)));
      } finally {
        for (const { dataId } of Object.values(inputs)) backend.disposeData(dataId);
      }
    }
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  } finally {
    backend.matrices[use] = before;
  }
  return worst <= BOUNDS[use] ? unit : `results differ from those of the plain program by ${worst.toExponential(1)}`;
}

/** Relative to the largest of the first; infinite where one is not finite. */
function difference(plain: Float32Array, ours: Float32Array): number {
  const size = plain.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return plain.reduce((worst, x, i) => {
    const error = Math.abs(ours[i] - x) / size;
    return error <= worst ? worst : Number.isFinite(error) ? error : Number.POSITIVE_INFINITY;
  }, 0);
}

function* productRuns(backend: SeqrecWebgpuBackend): Iterable<Run> {
  for (const [seed, { rows, terms, columns, transposeA, transposeB }] of PRODUCTS.entries()) {
    yield {
      inputs: {
        a: floats(backend, transposeA ? [terms, rows] : [rows, terms], seed),
        b: floats(backend, transposeB ? [columns, terms] : [terms, columns], 10 + seed),
        bias: floats(backend, [columns], 20 + seed),
      },
      compute: ({ a, b, bias }) => multiply(backend, { a, b, bias, transposeA, transposeB, activation: 'relu' })!,
    };
  }
}

/** Several tiles, an empty sequence, more columns than a block, two chunks of a wide query; with a bias and without. */
function* attentionRuns(backend: SeqrecWebgpuBackend): Iterable<Run> {
  const offsets = Int32Array.of(0, 70, 70, 103, 104);
  for (const [seed, [queryWidth, valueWidth, positions]] of [
    [40, 70, 2 * 70 - 1],
    [16, 32, 0],
  ].entries()) {
    const inputs = {
      q: floats(backend, [104, 2, queryWidth], 30 + seed),
      k: floats(backend, [104, 2, queryWidth], 40 + seed),
      v: floats(backend, [104, 2, valueWidth], 50 + seed),
      offsets: backend.makeTensorInfo([offsets.length], 'int32', offsets.slice()),
      positionWeights: floats(backend, [positions], 60),
      ...Object.fromEntries(['timeWeights', 'selfK', 'selfV'].map((name) => [name, floats(backend, [0], 0)])),
      ...Object.fromEntries(
        ['queryTimes', 'keyTimes', 'visible', 'queryOffsets', 'keyRows'].map((name) => [
          name,
          backend.makeTensorInfo([0], 'int32', new Int32Array()),
        ]),
      ),
    };
    const attrs = { scale: 1, normalizer: 70, bucketDivisor: 1 };
    const kernel = getKernel(HstuAttention, 'webgpu').kernelFunc;
    yield { inputs, compute: (given) => kernel({ inputs: given, backend, attrs }) as TensorInfo };
  }
}

/** Numbers that grow along the array, so that sums of products have to follow a new power of two. */
function floats(backend: SeqrecWebgpuBackend, shape: number[], seed: number): TensorInfo {
  const count = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from(normals({ k0: seed, k1: 0x7a57 }, 0, count), (x, i) => x * (0.01 + i / count));
  return backend.makeTensorInfo(shape, 'float32', values);
}
