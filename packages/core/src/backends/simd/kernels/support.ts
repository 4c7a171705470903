import {
  copyRegisteredKernels,
  type DataType,
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
  util,
} from '@tensorflow/tfjs-core';
import { isComposed } from '../../composed/kernel.ts';
import { type Arguments, float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, type KernelId } from '../kernels.ts';
import { stockChecks } from './checks.ts';
import type { Attributes, Inputs } from './types.ts';

export type Result = TensorInfo | TensorInfo[];
/** Returns undefined to hand the call to the stock `cpu` kernel (another element type, an unusual shape). */
export type SimdKernel = (inputs: Inputs, backend: SimdBackend, attrs: Attributes) => Result | undefined;

/** Elements that one task of an elementwise kernel covers: fixed, so that results do not depend on the thread count. */
export const CHUNK = 16_384;

/** Up to this many tasks of one memory access an element, another thread would come too late. */
const FEW_TASKS = 2;

/** Runs an elementwise kernel over `n` elements in tasks of CHUNK. */
export function runElements<K extends KernelId>(
  backend: SimdBackend,
  kernel: K,
  n: number,
  values: Arguments<K>,
): void {
  const tasks = Math.ceil(n / CHUNK);
  backend.pool.run(kernel, tasks, values, tasks <= FEW_TASKS);
}

/** Zeroes a block before kernels add into it. */
export function zero(backend: SimdBackend, address: number, floats: number): void {
  const values = { Y: address, N: floats, PER_TASK: CHUNK, VALUE: float(0) };
  backend.pool.run(KERNEL.fill, Math.ceil(floats / CHUNK), values);
}

export function sizeOf(info: TensorInfo): number {
  return util.sizeFromShape(info.shape);
}

export function allFloat(...infos: readonly TensorInfo[]): boolean {
  return infos.every((info) => info.dtype === 'float32');
}

/** Rows that one task covers when a row has `inner` elements. */
export function rowsPerTask(inner: number): number {
  return Math.max(1, Math.floor(CHUNK / Math.max(1, inner)));
}

/** Splits a shape at its last axis: `[rows, inner]`. */
export function rowsAndInner(shape: readonly number[]): [number, number] {
  const inner = shape.length === 0 ? 1 : shape[shape.length - 1];
  let rows = 1;
  for (let i = 0; i < shape.length - 1; i++) rows *= shape[i];
  return [rows, inner];
}

/** Another name for the same values: a reshape without a copy. */
export function alias(
  backend: SimdBackend,
  info: TensorInfo,
  shape: number[],
  dtype: DataType = info.dtype,
): TensorInfo {
  backend.incRef(info.dataId);
  return { dataId: info.dataId, shape, dtype };
}

/**
 * Registers a kernel of ours, behind the checks of the stock kernel that it replaces; where it declines, that one runs.
 */
export function override(backendName: string, kernelName: string, kernel: SimdKernel): void {
  const stock = getKernel(kernelName, 'cpu') as KernelConfig | undefined;
  const check = stockChecks[kernelName];
  const kernelFunc: KernelFunc = ({ inputs, backend, attrs }) => {
    check?.(inputs as Inputs, (attrs ?? {}) as Attributes);
    const own = backend as SimdBackend;
    const result = own.freeing(() => kernel(inputs as Inputs, own, (attrs ?? {}) as Attributes));
    if (result !== undefined) {
      (backend as SimdBackend).handedOver(result);
      return result;
    }
    if (stock === undefined) throw new Error(`${kernelName}: no kernel for these inputs on the backend ${backendName}`);
    if (readsMemory(stock)) (backend as SimdBackend).wait();
    return stock.kernelFunc({ inputs, backend, attrs });
  };
  if (getKernel(kernelName, backendName)) unregisterKernel(kernelName, backendName);
  registerKernel({ kernelName, backendName, kernelFunc });
}

/** Kernels that read no values. */
const MOVES_NOTHING: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'ExpandDims']);

/** Whether a kernel reads values where they lie; those made of ops call kernels that see to it themselves. */
function readsMemory({ kernelName, kernelFunc }: KernelConfig): boolean {
  return !MOVES_NOTHING.has(kernelName) && !isComposed(kernelFunc);
}

/**
 * Registers every stock `cpu` kernel; before one that reads values where they lie, all that was
 * handed over must have ended.
 */
export function registerStock(backendName: string): void {
  copyRegisteredKernels('cpu', backendName);
  for (const stock of getKernelsForBackend(backendName)) {
    const { kernelName, kernelFunc } = stock;
    if (!readsMemory(stock)) continue;
    unregisterKernel(kernelName, backendName);
    registerKernel({
      ...stock,
      kernelFunc: (call) => {
        (call.backend as SimdBackend).wait();
        return kernelFunc(call);
      },
    });
  }
}
