import { OutOfMemoryError } from '../../errors.ts';
import type { Failures } from './failures.ts';

/** What tfjs asks of its buffer manager; ours replaces the stock one. */
export interface BufferSource {
  numBytesUsed: number;
  numBytesAllocated: number;
  acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
  dispose(): void;
}

/** Smallest buffer, in bytes. */
const SMALLEST = 256;

/**
 * Bytes of the buffer that serves a request: four sizes an octave. Jagged batches ask for another size every step; with
 * exact sizes a pool would keep one buffer for each of them and grow without end.
 */
export function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = 2 ** (Math.ceil(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}

/** Pool of GPU buffers by size class and usage. Freed buffers are kept for reuse until {@link trim}. */
export class BufferPool implements BufferSource {
  numBytesUsed = 0;
  numBytesAllocated = 0;
  readonly #device: GPUDevice;
  readonly #free = new Map<string, GPUBuffer[]>();
  readonly #used = new Set<GPUBuffer>();
  readonly #failures: Pick<Failures, 'add' | 'last'>;

  constructor(device: GPUDevice, failures: Pick<Failures, 'add' | 'last'>) {
    this.#device = device;
    this.#failures = failures;
  }

  /** @throws OutOfMemoryError when the device has no buffers of that size. */
  acquireBuffer(size: number, usage: number, mappedAtCreation = false, reuse = true): GPUBuffer {
    const bytes = Math.min(sizeClass(size), Math.max(size, this.#device.limits.maxBufferSize));
    const kept = reuse ? this.#free.get(keyOf(bytes, usage))?.pop() : undefined;
    const buffer = kept ?? this.#create(bytes, usage, mappedAtCreation);
    this.#used.add(buffer);
    this.numBytesUsed += buffer.size;
    return buffer;
  }

  releaseBuffer(buffer: GPUBuffer, reuse = true): void {
    if (!this.#used.delete(buffer)) return;
    this.numBytesUsed -= buffer.size;
    if (reuse) {
      const key = keyOf(buffer.size, buffer.usage);
      const list = this.#free.get(key);
      if (list === undefined) this.#free.set(key, [buffer]);
      else list.push(buffer);
    } else {
      this.#destroy(buffer);
    }
  }

  /** Gives the free buffers back to the driver. */
  trim(): void {
    for (const buffers of this.#free.values()) for (const buffer of buffers) this.#destroy(buffer);
    this.#free.clear();
  }

  dispose(): void {
    this.trim();
    for (const buffer of this.#used) this.#destroy(buffer);
    this.#used.clear();
    this.numBytesUsed = 0;
  }

  #destroy(buffer: GPUBuffer): void {
    this.numBytesAllocated -= buffer.size;
    buffer.destroy();
  }

  #create(size: number, usage: number, mappedAtCreation: boolean): GPUBuffer {
    const { maxBufferSize } = this.#device.limits;
    const { last } = this.#failures;
    if (size > maxBufferSize) {
      throw tooLarge(last, size, `a buffer of at most ${maxBufferSize} bytes, the limit of the device`);
    }
    // Whether the device had the memory is known only later: the error surfaces with the next program or read.
    this.#device.pushErrorScope('out-of-memory');
    const buffer = this.#device.createBuffer({ size, usage, mappedAtCreation });
    this.#device.popErrorScope().then(
      (error) => {
        if (error === null) return;
        this.#failures.add(tooLarge(last, size, `room on the device beside the ${this.numBytesUsed} bytes in use`));
        this.trim();
      },
      () => {},
    );
    this.numBytesAllocated += size;
    return buffer;
  }
}

function tooLarge(program: string, bytes: number, expected: string): OutOfMemoryError {
  return new OutOfMemoryError(
    `${program}: expected ${expected}; got a request for ${bytes} bytes; lower the batch size or the sequence length`,
    bytes,
  );
}

function keyOf(size: number, usage: number): string {
  return `${size}_${usage}`;
}
