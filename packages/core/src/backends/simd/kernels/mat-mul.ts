import { backend_util, getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { BINARY, binary, UNARY, unary } from './elementwise.ts';
import { type Grid, libraryGrid } from './library-grid.ts';
import { SOURCE } from './product-source.ts';
import { sumParts } from './sum-parts.ts';
import { allFloat, override } from './support.ts';

/** Below this many multiply-adds a product stays on one thread: waking another costs more. */
const SERIAL = 30_000;

/** What follows a product: a bias, one value a column, and an elementwise function. */
interface Epilogue {
  readonly bias?: TensorInfo;
  readonly activation?: { readonly op: number; readonly alpha: number };
}

/**
 * `op(a) op(b)` over broadcast batch axes. B is packed once; a task computes a block of rows. A product with few rows
 * and a long K (a weight gradient) is split along K into a number of slices that depends on the shapes alone.
 */
export function matMul(
  backend: SimdBackend,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  epilogue: Epilogue = {},
): TensorInfo {
  const ra = a.shape.length;
  const rb = b.shape.length;
  const m = transposeA ? a.shape[ra - 1] : a.shape[ra - 2];
  const k = transposeA ? a.shape[ra - 2] : a.shape[ra - 1];
  const n = transposeB ? b.shape[rb - 2] : b.shape[rb - 1];
  const batchA = a.shape.slice(0, -2).reduce((s, d) => s * d, 1);
  const batchB = b.shape.slice(0, -2).reduce((s, d) => s * d, 1);
  const batch = Math.max(batchA, batchB);
  const batchShape = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [pa, pb] = [backend.address(a), backend.address(b)];
  const out = backend.output([...batchShape, m, n]);
  // No product of an empty batch, though an operand without a batch of its own stands once.
  if (batchA * batchB * m * n === 0) return out.info;
  const serial = batch * m * n * k < SERIAL;
  const { bias, activation } = epilogue;
  const native = Math.min(m, n, k) >= backend.libraryFrom;
  const cut = native ? libraryGrid : grid;
  const { rows, blocks, columns, columnBlocks, slice, slices } = cut(batch, m, n, k, !bias && !activation);
  const source = native
    ? SOURCE[transposeB ? 'nativeTransposed' : 'native']
    : sourceOfB(m, n, blocks, columnBlocks, transposeB);
  const packedStride = source === SOURCE.packed ? packedBytes(k, n) : 0;
  const partial = slices > 1 ? slices * batch * m * n * 4 : 0;
  backend.withTemporaries(
    [batchB * packedStride, partial],
    'the packed operand of a matrix product',
    (packed, parts) => {
      if (source === SOURCE.packed)
        packB(backend, { from: pb, to: packed, k, n, transposed: transposeB }, batchB, serial);
      backend.pool.run(
        KERNEL.gemm,
        batch * blocks * columnBlocks * slices,
        {
          A: pa,
          B: source === SOURCE.packed ? packed : pb,
          C: slices > 1 ? parts : out.address,
          M: m,
          N: n,
          K: k,
          A_ROW_BYTES: (transposeA ? m : k) * 4,
          A_TRANSPOSED: +transposeA,
          A_BATCH_BYTES: batchA === 1 ? 0 : m * k * 4,
          B_BATCH_BYTES: batchB === 1 ? 0 : source === SOURCE.packed ? packedStride : n * k * 4,
          C_BATCH_BYTES: m * n * 4,
          BLOCK_ROWS: rows,
          BLOCKS: blocks,
          SLICE: slice,
          SLICES: slices,
          SLICE_BYTES: batch * m * n * 4,
          B_ROW_BYTES: (transposeB ? k : n) * 4,
          PACK_A: +(transposeA || Math.min(n, columns) > PACK_A_COLUMNS),
          BLOCK_COLUMNS: columns,
          COLUMN_BLOCKS: columnBlocks,
          SOURCE: source,
          BIAS: bias ? backend.address(bias) : 0,
          ACTIVATION: activation ? activation.op + 1 : 0,
          ALPHA: float(activation?.alpha ?? 0),
        },
        serial,
      );
      if (slices > 1) {
        sumParts(backend, { from: parts, parts: slices, rows: batch * m, columns: n, to: out.address });
      }
    },
  );
  return out.info;
}

/** Bytes of a packed operand B of `k` rows and `n` columns. */
export function packedBytes(k: number, n: number): number {
  return Math.ceil(n / 8) * 8 * k * 4;
}

/** An operand B, `[k, n]` or transposed `[n, k]`, and where its panels go. */
export interface PackedOperand {
  readonly from: number;
  readonly to: number;
  readonly k: number;
  readonly n: number;
  readonly transposed: boolean;
}

/** Packs `batch` operands B into panels of eight columns. */
export function packB(backend: SimdBackend, operand: PackedOperand, batch = 1, serial = false): void {
  const { from, to, k, n, transposed } = operand;
  const perTask = Math.max(1, Math.floor(4096 / Math.max(1, k)));
  const tasks = Math.ceil(Math.ceil(n / 8) / perTask);
  backend.pool.run(
    KERNEL.packB,
    batch * tasks,
    {
      B: from,
      PACKED: to,
      N: n,
      K: k,
      ROW_BYTES: (transposed ? k : n) * 4,
      TRANSPOSED: +transposed,
      BATCH_BYTES: n * k * 4,
      PACKED_BATCH_BYTES: packedBytes(k, n),
      PANELS_PER_TASK: perTask,
      TASKS_PER_BATCH: tasks,
    },
    serial,
  );
}

/** Up to so many rows a task takes them all, and the columns are cut. */
const WHOLE_ROWS = 264;

/** So few columns are not cut, but the rows after all. */
const THIN = 32;

/** Rows of A are packed where at least so many columns of C share them. */
const PACK_A_COLUMNS = 256;

/** B is packed once for all when several blocks of rows share it, else by the tasks, or read where it lies. */
function sourceOfB(m: number, n: number, blocks: number, columnBlocks: number, transposeB: boolean): number {
  // Few rows or columns do not pay for packing, unless the rows of B fall on the same cache sets.
  const few = m <= 48 || (m <= WHOLE_ROWS && n <= THIN && blocks > 1);
  if (!transposeB && few && columnBlocks === 1 && (n * 4) % 2048 !== 0) return SOURCE.inPlace;
  if (blocks > 1) return SOURCE.packed;
  return transposeB ? SOURCE.ownTransposed : SOURCE.own;
}

/**
 * Rows and columns of C that a task computes, and the slices of K (one where something follows): from the shapes alone.
 */
function grid(batch: number, m: number, n: number, k: number, maySplit: boolean): Grid {
  if (m > WHOLE_ROWS) {
    const wanted = Math.max(24, Math.ceil(m / Math.max(1, Math.ceil(16 / batch)) / 6) * 6);
    const rows = Math.min(96, wanted);
    const blocks = Math.ceil(m / rows);
    return { rows, blocks, columns: n, columnBlocks: 1, slice: k, slices: 1 };
  }
  const wide = Math.ceil(n / 512);
  const split = maySplit && k >= 4096 && batch * wide < 16 && batch * m * n <= 1 << 18;
  const wantedSlices = split ? Math.min(Math.ceil(16 / (batch * wide)), Math.floor(k / 1024)) : 1;
  const slice = split ? Math.ceil(k / wantedSlices / 256) * 256 : k;
  const slices = split ? Math.ceil(k / slice) : 1;
  if (n <= THIN && slices === 1 && batch * m * n * k >= SERIAL) {
    const rows = Math.min(Math.ceil(m / 6) * 6, Math.max(24, Math.ceil((m * batch) / 8 / 6) * 6));
    return { rows, blocks: Math.ceil(m / rows), columns: n, columnBlocks: 1, slice, slices };
  }
  const wantedBlocks = Math.max(wide, Math.ceil(16 / (batch * slices)));
  const columns = Math.max(64, Math.ceil(n / wantedBlocks / 16) * 16);
  const rows = Math.ceil(m / 6) * 6;
  return { rows, blocks: 1, columns, columnBlocks: Math.ceil(n / columns), slice, slices };
}

function supported(a: TensorInfo, b: TensorInfo): boolean {
  if (!allFloat(a, b)) return false;
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)].map((s) => s.reduce((p, d) => p * d, 1));
  return batchA === 1 || batchB === 1 || String(a.shape.slice(0, -2)) === String(b.shape.slice(0, -2));
}

/** Activations of `_FusedMatMul` that are elementwise functions of ours. */
const ACTIVATIONS: Readonly<Record<string, number>> = {
  relu: UNARY.Relu,
  relu6: UNARY.Relu6,
  sigmoid: UNARY.Sigmoid,
  elu: UNARY.Elu,
  leakyrelu: UNARY.LeakyRelu,
};

/** `[n]`, or with axes of one in front: a bias `[n, 1]` has one value a row. */
function onePerColumn({ shape, dtype }: TensorInfo, n: number, rank: number): boolean {
  return dtype === 'float32' && shape.length <= rank && shape.at(-1) === n && shape.reduce((s, d) => s * d, 1) === n;
}

function prelu(backend: SimdBackend, x: TensorInfo, alpha: TensorInfo): TensorInfo {
  const kernel = getKernel('Prelu', 'simd') as NonNullable<ReturnType<typeof getKernel>>;
  const y = kernel.kernelFunc({ inputs: { x, alpha }, backend }) as TensorInfo;
  backend.disposeIntermediateTensorInfo(x);
  return y;
}

export function registerMatMul(name: string): void {
  override(name, 'BatchMatMul', ({ a, b }, backend, attrs) =>
    supported(a, b) ? matMul(backend, a, b, Boolean(attrs.transposeA), Boolean(attrs.transposeB)) : undefined,
  );
  override(name, '_FusedMatMul', (inputs, backend, attrs) => {
    const { a, b, bias } = inputs;
    if (!supported(a, b)) return undefined;
    const [transposeA, transposeB] = [Boolean(attrs.transposeA), Boolean(attrs.transposeB)];
    const name = (attrs.activation as string | null | undefined) ?? 'linear';
    const op = ACTIVATIONS[name];
    if (op === undefined && name !== 'linear' && name !== 'prelu')
      throw new Error(`_FusedMatMul: unknown activation '${name}'`);
    const activation = op === undefined ? undefined : { op, alpha: Number(attrs.leakyreluAlpha ?? 0) };
    const n = transposeB ? b.shape[b.shape.length - 2] : b.shape[b.shape.length - 1];
    const k = transposeB ? b.shape[b.shape.length - 1] : b.shape[b.shape.length - 2];
    const plain = k > 0 && (!bias || onePerColumn(bias, n, Math.max(a.shape.length, b.shape.length)));
    let y = matMul(backend, a, b, transposeA, transposeB, plain ? { bias, activation } : {});
    const then = (f: (x: TensorInfo) => TensorInfo): void => {
      const next = f(y);
      backend.disposeIntermediateTensorInfo(y);
      y = next;
    };
    if (!plain) {
      if (bias) then((x) => binary(backend, BINARY.Add, x, bias));
      if (activation) then((x) => unary(backend, activation.op, x, activation.alpha));
    }
    return name === 'prelu' ? prelu(backend, y, inputs.preluActivationWeights) : y;
  });
}
