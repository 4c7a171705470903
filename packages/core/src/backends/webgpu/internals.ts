import type * as tf from '@tensorflow/tfjs-core';
import type { BufferPool } from './buffers.ts';

// Numbers of the WebGPU standard; the globals that hold them do not exist everywhere.
export const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 };
export const MAP_READ = 1;

/** What the stock backend keeps for a tensor. */
export interface TensorData {
  values: tf.TypedArray | null | undefined;
  readonly dtype: tf.DataType;
  readonly shape: number[];
  resource?: GPUBuffer | null;
}

/** Private parts of the stock backend that recording a program needs. */
export interface Internals {
  bufferManager: BufferPool;
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  commandQueueOwnedIds: WeakSet<tf.DataId>;
  dispatchCountInPass: number;
  uniformPendingDisposal: GPUBuffer[];
  tensorMap: { get(id: tf.DataId): TensorData | undefined };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  tensorToBinding(x: tf.TensorInfo): GPUBufferBinding;
}
