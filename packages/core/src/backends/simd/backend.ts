import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  type BackendTimingInfo,
  type BackendValues,
  type DataId,
  type DataType,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { Heap } from './heap.ts';
import { CONTROL, KERNEL, type KernelExports, SCRATCH_BYTES, STAGING_BYTES } from './kernels.ts';
import { Pool } from './pool.ts';
import { Staging } from './staging.ts';

type NumericArray = Float32Array | Int32Array | Uint8Array;

let nextDataId = 0;

/** `MathBackendCPU` keeps these in a private map; the shape is part of its contract with the stock kernels. */
interface Entry {
  values?: BackendValues;
  dtype: DataType;
  refCount: number;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  /** Address of the block in the shared memory, when the values lie there. */
  block?: number;
  /** The job after which the values are there to read; undefined while a kernel function is at them. */
  ready?: number;
  /** Of integers that were drawn: the least possible, and the one past the greatest. */
  range?: readonly [number, number];
  /** Blocks that belong to this tensor and go with it: what a forward kernel leaves for its backward. */
  attached?: Map<string, number>;
}

/** A fresh output: its handle and where its values lie. */
export interface Output {
  readonly info: TensorInfo;
  readonly address: number;
}

/**
 * A TensorFlow.js backend whose numeric values live in one shared WebAssembly memory. Stock `cpu` kernels work on it
 * unchanged, since each tensor's values are a typed-array view of that memory; ours work on the addresses.
 */
export class SimdBackend extends MathBackendCPU {
  readonly heap: Heap;
  readonly pool: Pool;
  readonly #memory: WebAssembly.Memory;
  readonly #staging: Staging;
  /** What the kernel under way has made. */
  #outputs: DataId[] | undefined;
  readonly scratch: number;
  /** Least side of the products that a native library makes; Infinity where there is none, or ours are as fast. */
  libraryFrom = Number.POSITIVE_INFINITY;

  constructor(memory: WebAssembly.Memory, maximumBytes: number, kernels: KernelExports, threads: number) {
    super();
    this.#memory = memory;
    this.scratch = CONTROL.address + CONTROL.bytes;
    const staging = this.scratch + threads * SCRATCH_BYTES;
    this.heap = new Heap(memory, staging + STAGING_BYTES, maximumBytes);
    kernels.setScratch(this.scratch);
    this.pool = new Pool(memory, kernels, threads);
    this.#staging = new Staging(this.pool, staging);
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    const dataId = { id: nextDataId++ };
    this.put(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(dataId: DataId, values: BackendValues, shape: number[], dtype: DataType, refCount: number): void {
    this.put(dataId, values, shape, dtype, refCount);
  }

  /** Values are copied out: a view would change under its reader when the block is reused. */
  override readSync(dataId: DataId): BackendValues {
    const entry = this.entry(dataId);
    if (entry.dtype === 'complex64') return super.readSync(dataId);
    this.pool.wait(entry.ready);
    const { values } = entry;
    if (ArrayBuffer.isView(values)) return (values as NumericArray).slice();
    return util.convertBackendValuesAndArrayBuffer(values as BackendValues, entry.dtype) as BackendValues;
  }

  override async read(dataId: DataId): Promise<BackendValues> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const entry = this.data.has(dataId) ? this.entry(dataId) : undefined;
    const gone = super.disposeData(dataId, force);
    if (gone && entry?.block !== undefined) this.heap.release(entry.block);
    if (gone && entry?.attached) for (const block of entry.attached.values()) this.heap.release(block);
    return gone;
  }

  /** Waits until every kernel that was handed over has ended. @throws BackendError when one of them failed. */
  wait(): void {
    this.pool.wait();
  }

  override async time(f: () => void): Promise<BackendTimingInfo> {
    this.wait();
    const begin = util.now();
    f();
    this.wait();
    return { kernelMs: util.now() - begin };
  }

  override memory(): { unreliable: boolean; reasons: string[]; numBytesInHeap: number; peakBytesInHeap: number } {
    return { unreliable: false, reasons: [], numBytesInHeap: this.heap.used, peakBytesInHeap: this.heap.peak };
  }

  /** Address of a tensor's values; values that a stock kernel left outside are moved in first. */
  address(info: TensorInfo): number {
    const entry = this.entry(info.dataId);
    if (entry.dtype !== info.dtype) return this.converted(info, entry);
    if (entry.block === undefined)
      Object.assign(entry, this.place(entry.values, util.sizeFromShape(info.shape), entry.dtype, info.shape));
    return entry.block as number;
  }

  /** The values themselves, once they are there: to read, and not to outlive the kernel call. */
  view(info: TensorInfo): NumericArray {
    const address = this.address(info);
    const entry = this.entry(info.dataId);
    if (entry.dtype === info.dtype) {
      this.pool.wait(entry.ready);
      return entry.values as NumericArray;
    }
    this.pool.wait();
    return this.typed(info.dtype, address, util.sizeFromShape(info.shape));
  }

  /** A new tensor whose values are not initialised. */
  output(shape: number[], dtype: 'float32' | 'int32' | 'bool' = 'float32'): Output {
    const size = util.sizeFromShape(shape);
    const block = this.heap.allocate(size * util.bytesPerElement(dtype), () => tensorName(dtype, shape));
    const view = this.typed(dtype, block, size);
    const dataId = { id: nextDataId++ };
    this.data.set(dataId, { values: view, dtype, refCount: 1, block } as Entry as never);
    this.#outputs?.push(dataId);
    return { info: { dataId, shape, dtype }, address: block };
  }

  /** Calls a kernel; where it throws, what it has made is freed once the jobs that it handed over have ended. */
  freeing<T>(kernel: () => T): T {
    const before = this.#outputs;
    const own: DataId[] = [];
    this.#outputs = own;
    try {
      return kernel();
    } catch (error) {
      this.pool.drain();
      for (const dataId of own) this.disposeData(dataId, true);
      throw error;
    } finally {
      this.#outputs = before;
    }
  }

  /** Runs `f` with temporary blocks of the given sizes in bytes and frees them. */
  withTemporaries<T>(bytes: readonly number[], what: string, f: (...addresses: number[]) => T): T {
    const addresses: number[] = [];
    try {
      for (const size of bytes) addresses.push(this.heap.allocate(size, what));
      return f(...addresses);
    } finally {
      for (const address of addresses) this.heap.release(address);
    }
  }

  /** A block that lives as long as the tensor's data; `what` it is, for an error. */
  attach(info: TensorInfo, bytes: number, name: string, what = name): number {
    const entry = this.entry(info.dataId);
    entry.attached ??= new Map();
    const before = entry.attached.get(name);
    if (before !== undefined) this.heap.release(before);
    // Not found by its old address where there is no room for the new one.
    entry.attached.delete(name);
    const block = this.heap.allocate(bytes, what);
    entry.attached.set(name, block);
    return block;
  }

  /** The block that `attach` made under this name, if any. */
  attached(info: TensorInfo, name: string): number | undefined {
    return this.entry(info.dataId).attached?.get(name);
  }

  /** An int32 view of a block, once all kernels have ended that were handed over. */
  ints(address: number, length: number): Int32Array {
    this.pool.wait();
    return new Int32Array(this.#memory.buffer, address, length);
  }

  /** Copies values of the host into a block, in turn with the kernels. @returns the job after which they are there. */
  copy(values: ArrayLike<number>, address: number, dtype: DataType = 'int32'): number {
    const bytes = values.length * util.bytesPerElement(dtype);
    // What an op does not have comes as an empty tensor.
    if (bytes === 0) return this.pool.last;
    const staged = this.pool.idle ? undefined : this.#staging.take(bytes);
    if (staged === undefined) {
      this.pool.drain();
      this.typed(dtype, address, values.length).set(values);
    } else {
      this.typed(dtype, staged, values.length).set(values);
      this.pool.run(KERNEL.copyBytes, 1, { FROM: staged, TO: address, BYTES: bytes });
    }
    return this.pool.last;
  }

  /** Says that a tensor holds integers from `low` to `past - 1`, whatever a kernel will write. */
  drawn(info: TensorInfo, low: number, past: number): void {
    this.entry(info.dataId).range = [low, past];
  }

  /** Whether a tensor is known to hold integers from 0 to `past - 1`, without a look at them. */
  isBelow(info: TensorInfo, past: number): boolean {
    const { range } = this.entry(info.dataId);
    return range !== undefined && range[0] >= 0 && range[1] <= past;
  }

  /** Says that the kernel function under way writes into a tensor of before. */
  overwritten(info: TensorInfo): void {
    const entry = this.entry(info.dataId);
    entry.ready = undefined;
    // What was made of the old values.
    for (const block of entry.attached?.values() ?? []) this.heap.release(block);
    entry.attached?.clear();
  }

  /**
   * Says that the last job handed over is the last that writes into new tensors: whoever reads them waits for no other.
   */
  handedOver(results: TensorInfo | readonly TensorInfo[]): void {
    for (const { dataId } of [results].flat() as TensorInfo[]) this.entry(dataId).ready ??= this.pool.last;
  }

  private entry(dataId: DataId): Entry {
    return this.data.get(dataId) as unknown as Entry;
  }

  /**
   * Stock kernels cast without touching the values: a float32 tensor may name the data of an int32 or bool one. Its
   * values as their own type, made once for the data.
   */
  private converted(info: TensorInfo, entry: Entry): number {
    const name = `as ${info.dtype}`;
    const before = this.attached(info, name);
    if (before !== undefined) return before;
    const size = util.sizeFromShape(info.shape);
    const block = this.attach(info, size * util.bytesPerElement(info.dtype), name);
    this.pool.wait(entry.ready);
    this.copy(entry.values as unknown as ArrayLike<number>, block, info.dtype);
    return block;
  }

  private typed(dtype: DataType, block: number, size: number): NumericArray {
    const { buffer } = this.#memory;
    if (dtype === 'float32') return new Float32Array(buffer, block, size);
    return dtype === 'int32' ? new Int32Array(buffer, block, size) : new Uint8Array(buffer, block, size);
  }

  private put(
    dataId: DataId,
    values: BackendValues | undefined,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    if (dtype === 'string' || dtype === 'complex64') {
      this.data.set(dataId, { values, dtype, refCount } as Entry as never);
      return;
    }
    const placed = this.place(values, util.sizeFromShape(shape), dtype, shape);
    this.data.set(dataId, { ...placed, dtype, refCount } as Entry as never);
  }

  private place(values: BackendValues | undefined, size: number, dtype: DataType, shape: number[]) {
    const block = this.heap.allocate(size * util.bytesPerElement(dtype), () => tensorName(dtype, shape));
    const view = this.typed(dtype, block, size);
    if (values === undefined || values === null) {
      this.pool.drain();
      view.fill(0);
      return { block, values: view, ready: this.pool.last };
    }
    return { block, values: view, ready: this.copy(values as unknown as ArrayLike<number>, block, dtype) };
  }
}

function tensorName(dtype: DataType, shape: readonly number[]): string {
  return `a ${dtype} tensor of shape [${shape}]`;
}
