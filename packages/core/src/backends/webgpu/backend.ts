import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { BackendError, OutOfMemoryError, UnsupportedError } from '../../errors.ts';
import type { ProgramTimers } from '../timers.ts';
import { BufferPool } from './buffers.ts';
import type { WebgpuInfo } from './device.ts';
import { Failures } from './failures.ts';
import { type Internals, MAP_READ, USAGE } from './internals.ts';
import type { MatrixUnit } from './matrix-unit.ts';
import { Pipelines } from './pipelines.ts';
import { flatGrid, type Program, packUniforms } from './program.ts';

export interface Call {
  /** One tensor a binding, in the order of the program. */
  readonly tensors: readonly tf.TensorInfo[];
  readonly uniforms?: Readonly<Record<string, number>>;
  /** Workgroups of a flat grid. */
  readonly groups: number;
}

/** What the backend has done since it started; for tests and profiles. */
export interface Counters {
  /** Programs of ours that were recorded. */
  dispatches: number;
  /** Tensors that were read back. */
  reads: number;
  /** Pipelines of ours that were compiled. */
  pipelines: number;
}

/** What may change while the backend runs. */
export interface Settings {
  /** Of the operands of products in programs of ours. */
  precision: 'f32' | 'f16';
}

/** The backend of tfjs with a buffer pool, typed errors, exact reads, and programs of ours. */
export class SeqrecWebgpuBackend extends WebGPUBackend {
  readonly info: WebgpuInfo;
  readonly counters: Counters = { dispatches: 0, reads: 0, pipelines: 0 };
  /** Subgroup matrices that programs in half precision use, once they have been tried. */
  readonly matrices: { products?: MatrixUnit; attention?: MatrixUnit } = {};
  readonly #settings: Settings;
  readonly #pipelines: Pipelines;
  readonly #failures: Failures;
  #exact = false;

  constructor(
    device: GPUDevice,
    adapterInfo: GPUAdapterInfo,
    { info, settings }: { readonly info: WebgpuInfo; readonly settings: Settings },
  ) {
    super(device, adapterInfo);
    this.info = info;
    this.#settings = settings;
    this.#failures = new Failures(device);
    // What does not compile explains the errors that follow from it, so it goes first.
    this.#pipelines = new Pipelines(device, this.counters, (error) => this.#failures.explain(error));
    this.#internals.bufferManager = new BufferPool(device, this.#failures);
    // Stock programs read past the end and rely on the device to stay inside the binding: buffers may be longer.
    this.#internals.tensorToBinding = (x) => this.#exactBinding(x);
  }

  get #internals(): Internals {
    return this as unknown as Internals;
  }

  /** The buffer of a tensor, uploaded if need be. */
  bufferOf(x: tf.TensorInfo): GPUBuffer {
    this.uploadToGPU(x.dataId);
    return this.#internals.tensorMap.get(x.dataId)!.resource!;
  }

  /** A new tensor with values yet to be written. */
  output(shape: readonly number[], dtype: 'float32' | 'int32' = 'float32'): tf.TensorInfo {
    const info = this.makeTensorInfo([...shape], dtype);
    if (tf.util.sizeFromShape(info.shape) === 0) {
      this.#internals.tensorMap.get(info.dataId)!.values = dtype === 'int32' ? new Int32Array() : new Float32Array();
    }
    return info;
  }

  /** Runs `use` with device memory that is released afterwards: `[elements]`, four bytes each, contents undefined. */
  withScratch<T>(elements: readonly number[], use: (...scratch: tf.TensorInfo[]) => T): T {
    const scratch = elements.map((n) => this.output([Math.max(1, n)]));
    try {
      return use(...scratch);
    } finally {
      for (const { dataId } of scratch) this.disposeData(dataId);
    }
  }

  /** Records a program. It runs when the queue is submitted, in the order of the calls. */
  dispatch(asked: Program, { tensors, uniforms = {}, groups }: Call): void {
    const program = this.#inPrecision(asked);
    this.#begin(program.op);
    if (groups === 0) return;
    const entries = tensors.map((x, binding) => ({ binding, resource: this.#binding(program.op, x) }));
    const { pipeline, layout } = this.#pipelines.of(program);
    if (program.uniforms !== undefined && program.uniforms.length > 0) {
      const bytes = packUniforms(program.uniforms, uniforms);
      const buffer = this.#internals.bufferManager.acquireBuffer(bytes.byteLength, USAGE.uniform | USAGE.copyTarget);
      this.queue.writeBuffer(buffer, 0, bytes);
      this.#internals.uniformPendingDisposal.push(buffer);
      entries.push({ binding: entries.length, resource: { buffer, offset: 0, size: bytes.byteLength } });
    }
    const grid = flatGrid(groups, this.device.limits.maxComputeWorkgroupsPerDimension);
    this.#record(program.op, (pass) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, this.device.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(...grid);
    });
  }

  /** A stock program: recorded as ever, but what went wrong before is told first, and it is known by its name. */
  override runWebGPUProgram(
    ...call: Parameters<WebGPUBackend['runWebGPUProgram']>
  ): ReturnType<WebGPUBackend['runWebGPUProgram']> {
    this.#begin(call[0].shaderKey?.split('_')[0] || 'a stock program');
    return super.runWebGPUProgram(...call);
  }

  #begin(program: string): void {
    this.#failures.check(program);
    this.#failures.last = program;
  }

  /** Of the operands of products in programs that are recorded now. */
  get precision(): Settings['precision'] {
    return this.#exact ? 'f32' : this.#settings.precision;
  }

  /** Records what `use` calls with operands in float32, whatever the setting. */
  inFloat32<T>(use: () => T): T {
    const before = this.#exact;
    this.#exact = true;
    try {
      return use();
    } finally {
      this.#exact = before;
    }
  }

  #inPrecision(program: Program): Program {
    const { precision } = this;
    if (program.tiles === undefined || precision === 'f32') return program;
    return { ...program, tiles: precision, key: `${program.key}, ${precision}` };
  }

  #binding(op: string, x: tf.TensorInfo): GPUBufferBinding {
    const bytes = tf.util.sizeFromShape(x.shape) * 4;
    const limit = this.device.limits.maxStorageBufferBindingSize;
    if (bytes > limit) {
      throw new OutOfMemoryError(
        `${op}: expected tensors of at most ${limit} bytes, what this device binds; got ${bytes} bytes for [${x.shape}]; lower the batch size or the width`,
        bytes,
      );
    }
    this.bufferOf(x);
    this.#internals.commandQueueOwnedIds.add(x.dataId);
    return this.#exactBinding(x);
  }

  #exactBinding({ dataId }: tf.TensorInfo): GPUBufferBinding {
    const { resource, shape } = this.#internals.tensorMap.get(dataId)!;
    return { buffer: resource!, offset: 0, size: Math.max(4, tf.util.sizeFromShape(shape) * 4) };
  }

  /** As the stock `recordAndSubmit`: passes are shared, and the queue is submitted every few programs. */
  #record(name: string, encode: (pass: GPUComputePassEncoder) => void): void {
    const internals = this.#internals;
    const { activeTimers } = this as unknown as { activeTimers: { name: string; query: Promise<number> }[] | null };
    internals.ensureCommandEncoderReady();
    const timed = activeTimers != null && this.device.features.has('timestamp-query');
    if (timed) this.#beginTimedPass();
    internals.computePassEncoder ??= internals.commandEncoder!.beginComputePass();
    encode(internals.computePassEncoder);
    internals.dispatchCountInPass++;
    this.counters.dispatches++;
    if (timed || internals.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
      internals.endComputePassEncoder();
      if (timed) activeTimers.push({ name, query: this.getQueryTime() });
      else this.submitQueue();
    }
  }

  #beginTimedPass(): void {
    const timers = this as unknown as { querySet: GPUQuerySet | null; querySetCount: number };
    this.#internals.endComputePassEncoder();
    timers.querySet ??= this.device.createQuerySet({ type: 'timestamp', count: timers.querySetCount });
    this.#internals.computePassEncoder = this.#internals.commandEncoder!.beginComputePass({
      timestampWrites: { querySet: timers.querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    });
  }

  /** Copies elements (four bytes each) between tensors, in order with the programs. */
  copy(from: tf.TensorInfo, to: tf.TensorInfo, toElement = 0): void {
    const elements = tf.util.sizeFromShape(from.shape);
    if (elements === 0) return;
    const [source, target] = [this.bufferOf(from), this.bufferOf(to)];
    this.#encoder(from, to).copyBufferToBuffer(source, 0, target, toElement * 4, elements * 4);
  }

  /** Zeros all elements of `x`, in order with the programs. */
  clear(x: tf.TensorInfo): void {
    const buffer = this.bufferOf(x);
    this.#encoder(x).clearBuffer(buffer, 0, tf.util.sizeFromShape(x.shape) * 4);
  }

  #encoder(...tensors: tf.TensorInfo[]): GPUCommandEncoder {
    const internals = this.#internals;
    internals.ensureCommandEncoderReady();
    internals.endComputePassEncoder();
    for (const { dataId } of tensors) internals.commandQueueOwnedIds.add(dataId);
    return internals.commandEncoder!;
  }

  /** Values written in place make a host copy stale. */
  written(x: tf.TensorInfo): void {
    this.#internals.tensorMap.get(x.dataId)!.values = null;
  }

  override uploadToGPU(dataId: tf.DataId): void {
    const data = this.#internals.tensorMap.get(dataId)!;
    if (data.resource != null) return;
    const bytes = tf.util.sizeFromShape(data.shape) * (data.dtype === 'complex64' ? 8 : 4);
    const usage = USAGE.storage | USAGE.copySource | USAGE.copyTarget;
    // A free buffer is in no recorded command, so writing ahead of the queue is safe.
    const buffer = this.#internals.bufferManager.acquireBuffer(bytes, usage);
    if (data.values != null) {
      const typed = data.dtype === 'float32' ? new Float32Array(data.values) : new Int32Array(data.values);
      this.queue.writeBuffer(buffer, 0, typed);
      data.values = null;
    }
    data.resource = buffer;
  }

  /** Exactly the values of the tensor, though its buffer may be longer. Nothing is cached on the host. */
  override async read(dataId: object): Promise<tf.TypedArray> {
    const data = this.#internals.tensorMap.get(dataId);
    if (data === undefined || data.values != null || data.dtype === 'complex64' || data.resource == null) {
      return (await super.read(dataId)) as tf.TypedArray;
    }
    this.#failures.check('read');
    this.counters.reads++;
    const bytes = tf.util.sizeFromShape(data.shape) * 4;
    const staging = this.#internals.bufferManager.acquireBuffer(bytes, USAGE.copyTarget | USAGE.mapRead);
    this.#encoder({ dataId, shape: data.shape, dtype: data.dtype }).copyBufferToBuffer(
      data.resource,
      0,
      staging,
      0,
      bytes,
    );
    this.submitQueue();
    const checked = this.#pipelines.checked();
    try {
      await staging.mapAsync(MAP_READ, 0, bytes);
    } catch (cause) {
      await checked;
      await this.#failures.checkLater('read');
      throw new BackendError(
        `read: expected ${bytes} bytes from the device; got: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    this.#internals.bufferManager.releaseBuffer(staging);
    await checked;
    this.#failures.check('read');
    return tf.util.convertBackendValuesAndArrayBuffer(copy, data.dtype) as tf.TypedArray;
  }

  override readSync(dataId: object): tf.TypedArray {
    const values = this.#internals.tensorMap.get(dataId)?.values;
    if (values != null) return values;
    this.#failures.check('dataSync');
    throw new UnsupportedError(
      'webgpu: expected an asynchronous read; got dataSync() or arraySync(); a GPU is read with `await x.data()`',
    );
  }

  /** Puts timestamps around every program, stock ones too; undefined on a device without timestamp queries. */
  startTimers(): ProgramTimers | undefined {
    if (!this.device.features.has('timestamp-query')) return undefined;
    const timed = this as unknown as { activeTimers: { query: Promise<number> }[] | null };
    const timers: { query: Promise<number> }[] = [];
    timed.activeTimers = timers;
    return {
      get count() {
        return timers.length;
      },
      stop: async () => {
        timed.activeTimers = null;
        const asked = await Promise.allSettled(timers.map(({ query }) => query));
        await this.#failures.checkLater('timers');
        const milliseconds = asked.map((time) => (time.status === 'fulfilled' ? time.value : Number.NaN));
        return milliseconds.map((ms) => ms / 1000);
      },
    };
  }

  /** Waits until the device has done all that was recorded. @throws what went wrong on the way. */
  async finish(): Promise<void> {
    const internals = this.#internals;
    internals.endComputePassEncoder();
    if (internals.commandEncoder !== null) this.submitQueue();
    const checked = this.#pipelines.checked();
    await this.queue.onSubmittedWorkDone();
    await checked;
    this.#failures.check('finish');
  }

  override dispose(): void {
    this.#failures.close();
    super.dispose();
    this.device.destroy();
  }
}
