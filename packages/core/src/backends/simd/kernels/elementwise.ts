import type { TensorInfo } from '@tensorflow/tfjs-core';
import { backend_util } from '@tensorflow/tfjs-core';
import { type Arguments, float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { stridedCopy } from './strided.ts';
import { allFloat, CHUNK, override, rowsPerTask, runElements, sizeOf } from './support.ts';
import type { Attributes } from './types.ts';

/** Codes of `unary` in the module. */
export const UNARY = {
  Neg: 0,
  Abs: 1,
  Relu: 2,
  Sigmoid: 3,
  Tanh: 4,
  Exp: 5,
  Log: 6,
  Sqrt: 7,
  Rsqrt: 8,
  Square: 9,
  Silu: 10,
  Reciprocal: 11,
  Step: 12,
  LeakyRelu: 13,
  Relu6: 16,
  Elu: 17,
  Softplus: 18,
} as const;

/** Codes of `binaryFlat` and `binaryRows`. */
export const BINARY = {
  Add: 0,
  Sub: 1,
  Multiply: 2,
  RealDiv: 3,
  Maximum: 4,
  Minimum: 5,
  SquaredDifference: 6,
  SiluGrad: 7,
} as const;

export function unary(backend: SimdBackend, op: number, x: TensorInfo, alpha = 0): TensorInfo {
  const n = sizeOf(x);
  const input = backend.address(x);
  const y = backend.output(x.shape);
  const values = { OP: op, X: input, Y: y.address, N: n, PER_TASK: CHUNK, ALPHA: float(alpha) };
  backend.pool.run(KERNEL.unary, Math.ceil(n / CHUNK), values);
  return y.info;
}

/** Elementwise `op` with broadcasting. */
export function binary(backend: SimdBackend, op: number, a: TensorInfo, b: TensorInfo): TensorInfo {
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const [pa, pb] = [backend.address(a), backend.address(b)];
  const y = backend.output(shape);
  const n = sizeOf(y.info);
  const [na, nb] = [sizeOf(a), sizeOf(b)];
  if (n === 0) return y.info;
  if ((na === n || na === 1) && (nb === n || nb === 1)) {
    const [aFixed, bFixed] = [na === 1 && n > 1, nb === 1 && n > 1];
    flat(backend, op, n, { A: pa, B: pb, Y: y.address, A_FIXED: +aFixed, B_FIXED: +bFixed });
    return y.info;
  }
  const rows = na === n ? rowForm(shape, b.shape) : nb === n ? rowForm(shape, a.shape) : undefined;
  if (rows) {
    const { inner, perRow } = rows;
    const full = inner * 4;
    const other = perRow ? 4 : 0;
    const perTask = rowsPerTask(inner);
    const count = n / inner;
    const whole = na === n;
    const values = {
      OP: op,
      A: pa,
      B: pb,
      Y: y.address,
      ROWS: count,
      INNER: inner,
      PER_TASK: perTask,
      A_ROW_BYTES: whole ? full : other,
      B_ROW_BYTES: whole ? other : full,
      A_PER_ROW: whole ? 0 : +perRow,
      B_PER_ROW: whole ? +perRow : 0,
    };
    backend.pool.run(KERNEL.binaryRows, Math.ceil(count / perTask), values, n <= 2 * CHUNK);
    return y.info;
  }
  const wide = [a, b].map((x) => broadcastTo(backend, x, shape));
  const [wa, wb] = wide.map((x) => backend.address(x));
  flat(backend, op, n, { A: wa, B: wb, Y: y.address, A_FIXED: 0, B_FIXED: 0 });
  for (const x of wide) backend.disposeIntermediateTensorInfo(x);
  return y.info;
}

type Operands = Omit<Arguments<typeof KERNEL.binaryFlat>, 'OP' | 'N' | 'PER_TASK'>;

function flat(backend: SimdBackend, op: number, n: number, operands: Operands): void {
  runElements(backend, KERNEL.binaryFlat, n, { OP: op, N: n, PER_TASK: CHUNK, ...operands });
}

/** How a smaller operand walks with the full one: one row repeated (`[D]`), or one value a row (`[.., 1]`). */
function rowForm(full: readonly number[], small: readonly number[]): { inner: number; perRow: boolean } | undefined {
  const padded = [...new Array<number>(full.length - small.length).fill(1), ...small];
  const first = padded.findIndex((d) => d !== 1);
  const suffix = padded.slice(first);
  if (first >= 0 && suffix.every((d, i) => d === full[first + i])) {
    return { inner: suffix.reduce((s, d) => s * d, 1), perRow: false };
  }
  let last = padded.length;
  while (last > 0 && padded[last - 1] === 1) last--;
  if (padded.slice(0, last).every((d, i) => d === full[i])) {
    return { inner: full.slice(last).reduce((s, d) => s * d, 1), perRow: true };
  }
  return undefined;
}

function broadcastTo(backend: SimdBackend, x: TensorInfo, shape: readonly number[]): TensorInfo {
  const padded = [...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape];
  let stride = 1;
  const strides = new Array<number>(shape.length).fill(0);
  for (let i = shape.length - 1; i >= 0; i--) {
    if (padded[i] !== 1) strides[i] = stride;
    stride *= padded[i];
  }
  return stridedCopy(backend, x, shape, strides, 0);
}

export function registerElementwise(name: string): void {
  for (const [kernel, code] of Object.entries(UNARY)) {
    if (kernel === 'Silu') continue;
    override(name, kernel, ({ x }, backend, attrs) =>
      allFloat(x) ? unary(backend, code, x, Number((attrs as Attributes).alpha ?? 0)) : undefined,
    );
  }
  override(name, 'Silu', ({ x }, backend) => unary(backend, UNARY.Silu, x));
  for (const [kernel, code] of Object.entries(BINARY)) {
    if (kernel === 'SiluGrad') continue;
    override(name, kernel, ({ a, b }, backend) =>
      allFloat(a, b) && a.shape.length <= 5 && b.shape.length <= 5 ? binary(backend, code, a, b) : undefined,
    );
  }
  override(name, 'SiluGrad', ({ x, dy }, backend) => binary(backend, BINARY.SiluGrad, x, dy));
  override(name, 'AddN', (inputs, backend) => {
    const terms = Object.values(inputs);
    if (!allFloat(...terms) || terms.length < 2) return undefined;
    let sum = binary(backend, BINARY.Add, terms[0], terms[1]);
    for (const term of terms.slice(2)) {
      const next = binary(backend, BINARY.Add, sum, term);
      backend.disposeIntermediateTensorInfo(sum);
      sum = next;
    }
    return sum;
  });
}
