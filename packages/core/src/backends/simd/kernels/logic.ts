import type { TensorInfo } from '@tensorflow/tfjs-core';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { allFloat, CHUNK, override, runElements, sizeOf } from './support.ts';

const COMPARISONS = { Equal: 0, NotEqual: 1, Greater: 2, GreaterEqual: 3, Less: 4, LessEqual: 5 } as const;
const LOGIC = { LogicalAnd: 0, LogicalOr: 1, LogicalNot: 2 } as const;

const sameShape = (...infos: readonly TensorInfo[]): boolean =>
  infos.every(({ shape }) => String(shape) === String(infos[0].shape));

/** Equal shapes, or one side a scalar; other broadcasts are left to the stock kernel. */
function compare(backend: SimdBackend, op: number, a: TensorInfo, b: TensorInfo): TensorInfo | undefined {
  const [aFixed, bFixed] = [a.shape.length === 0 && b.shape.length > 0, b.shape.length === 0 && a.shape.length > 0];
  if (!allFloat(a, b) || !(aFixed || bFixed || sameShape(a, b))) return undefined;
  const [pa, pb] = [backend.address(a), backend.address(b)];
  const y = backend.output(aFixed ? b.shape : a.shape, 'bool');
  const n = sizeOf(y.info);
  const operands = { A: pa, B: pb, A_FIXED: +aFixed, B_FIXED: +bFixed };
  runElements(backend, KERNEL.compare, n, { OP: op, ...operands, Y: y.address, N: n, PER_TASK: CHUNK });
  return y.info;
}

function logical(backend: SimdBackend, op: number, a: TensorInfo, b: TensorInfo): TensorInfo | undefined {
  if (a.dtype !== 'bool' || b.dtype !== 'bool' || !sameShape(a, b)) return undefined;
  const [pa, pb] = [backend.address(a), backend.address(b)];
  const y = backend.output(a.shape, 'bool');
  const n = sizeOf(a);
  runElements(backend, KERNEL.logical, n, { OP: op, A: pa, B: pb, Y: y.address, N: n, PER_TASK: CHUNK });
  return y.info;
}

/** Comparisons, logic, selection and clipping of float32 tensors. */
export function registerLogic(name: string): void {
  for (const [kernel, op] of Object.entries(COMPARISONS)) {
    override(name, kernel, ({ a, b }, backend) => compare(backend, op, a, b));
  }
  for (const [kernel, op] of Object.entries(LOGIC)) {
    override(name, kernel, ({ a, b, x }, backend) => logical(backend, op, a ?? x, b ?? x));
  }
  override(name, 'Select', ({ condition, t, e }, backend) => {
    if (condition.dtype !== 'bool' || !allFloat(t, e) || !sameShape(condition, t, e)) return undefined;
    const [pc, pt, pe] = [condition, t, e].map((x) => backend.address(x));
    const y = backend.output(t.shape);
    const n = sizeOf(t);
    const values = { CONDITION: pc, T: pt, E: pe, Y: y.address, N: n, PER_TASK: CHUNK };
    runElements(backend, KERNEL.select, n, values);
    return y.info;
  });
  override(name, 'ClipByValue', ({ x }, backend, attrs) => {
    const [low, high] = [Number(attrs.clipValueMin), Number(attrs.clipValueMax)];
    if (!allFloat(x) || !(low <= high)) return undefined;
    const from = backend.address(x);
    const y = backend.output(x.shape);
    const n = sizeOf(x);
    const bounds = { MINIMUM: float(low), MAXIMUM: float(high) };
    runElements(backend, KERNEL.clip, n, { X: from, Y: y.address, N: n, PER_TASK: CHUNK, ...bounds });
    return y.info;
  });
}
