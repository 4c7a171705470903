import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { CheckpointError } from '../errors.ts';
import { decodeElements, ELEMENT_BYTES, isReadable } from './dtypes.ts';
import { readAt, writeAll, writeFileAtomic } from './files.ts';
import {
  bytesOf,
  decodeLayout,
  type Entry,
  elementCount,
  encodeHeader,
  headerLength,
  type Layout,
  type TensorHeader,
} from './safetensors.ts';
import { unreadableType } from './unreadable-type.ts';

export type StoredArray = Float32Array | Int32Array;

/** A tensor to write, block after block: a big table is never in memory twice. */
export interface TensorBlocks extends TensorHeader {
  blocks(): Iterable<StoredArray | Uint8Array> | AsyncIterable<StoredArray | Uint8Array>;
}

/** Elements of a block, 64 MiB. */
export const BLOCK_ELEMENTS = 2 ** 24;

/** Rows of a tensor that fit into a block; at least one. */
export function rowsPerBlock(shape: readonly number[]): number {
  return Math.max(1, Math.floor(BLOCK_ELEMENTS / Math.max(1, elementCount(shape.slice(1)))));
}

/**
 * Writes a safetensors file atomically, one block in memory at a time.
 *
 * @param metadata given the SHA-256 of every tensor's bytes, in hex; its texts must be as long for all digests,
 *   since the header is written twice.
 * @throws CheckpointError when the file cannot be written, and what the blocks throw; then the old file stays.
 */
export async function writeSafetensorsFile(
  file: string,
  tensors: ReadonlyMap<string, TensorBlocks>,
  metadata: (sha256: ReadonlyMap<string, string>) => Readonly<Record<string, string>>,
): Promise<void> {
  await writeFileAtomic(file, async (handle) => {
    const digests = new Map(Array.from(tensors.keys(), (name) => [name, '0'.repeat(64)]));
    await writeAll(handle, encodeHeader(tensors, metadata(digests)));
    for (const [name, tensor] of tensors) {
      const hash = createHash('sha256');
      let count = 0;
      for await (const block of tensor.blocks()) {
        hash.update(bytesOf(block));
        await writeAll(handle, bytesOf(block));
        count += block.length;
      }
      const expected = elementCount(tensor.shape);
      if (count !== expected) throw new RangeError(`'${name}': expected ${expected} numbers; got ${count}`);
      digests.set(name, hash.digest('hex'));
    }
    const header = encodeHeader(tensors, metadata(digests));
    for (let at = 0; at < header.length; ) at += (await handle.write(header, at, header.length - at, at)).bytesWritten;
  });
}

/** A safetensors file open for reading, tensor by tensor and block by block. Close it. */
export class SafetensorsFile {
  readonly file: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Entry>;
  readonly #handle: FileHandle;
  readonly #dataStart: number;

  private constructor(file: string, handle: FileHandle, { metadata, entries, dataStart }: Layout) {
    this.file = file;
    this.metadata = metadata;
    this.tensors = new Map(entries.map((entry) => [entry.name, entry]));
    this.#handle = handle;
    this.#dataStart = dataStart;
  }

  /** Opens a file and checks its header and layout. @throws CheckpointError. */
  static async open(file: string): Promise<SafetensorsFile> {
    const handle = await open(file, 'r').catch((error) => {
      throw unreadable(file, error);
    });
    try {
      const { size } = await handle.stat();
      const length = headerLength(await readAt(handle, 0, 8), size, file);
      return new SafetensorsFile(file, handle, decodeLayout(await readAt(handle, 0, length), size, file));
    } catch (error) {
      await handle.close();
      throw error instanceof CheckpointError ? error : unreadable(file, error);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /**
   * A tensor in blocks of whole rows, in order; what is no int32 as float32. @throws CheckpointError for other types.
   */
  async *blocks(name: string): AsyncGenerator<StoredArray> {
    const { dtype, shape, begin, end } = this.tensors.get(name)!;
    if (!isReadable(dtype)) throw unreadableType(this.file, name, dtype);
    const rowBytes = elementCount(shape.slice(1)) * ELEMENT_BYTES[dtype];
    const step = rowsPerBlock(shape) * rowBytes;
    for (let at = begin; at < end; at += step) {
      const { buffer } = await this.#read(at, Math.min(step, end - at));
      yield decodeElements(dtype, buffer);
    }
  }

  /** A whole tensor. */
  async read(name: string): Promise<StoredArray> {
    const { dtype, shape } = this.tensors.get(name)!;
    const data = new (dtype === 'I32' ? Int32Array : Float32Array)(elementCount(shape));
    let at = 0;
    for await (const block of this.blocks(name)) {
      data.set(block, at);
      at += block.length;
    }
    return data;
  }

  /** SHA-256 of a tensor's bytes, or of the whole data section, in hex. */
  async digest(name?: string): Promise<string> {
    const hash = createHash('sha256');
    const entries = [...this.tensors.values()];
    const { begin, end } = this.tensors.get(name ?? '') ?? { begin: 0, end: Math.max(0, ...entries.map((e) => e.end)) };
    const step = 4 * BLOCK_ELEMENTS;
    for (let at = begin; at < end; at += step) hash.update(await this.#read(at, Math.min(step, end - at)));
    return hash.digest('hex');
  }

  async #read(begin: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await readAt(this.#handle, this.#dataStart + begin, length).catch((error) => {
      throw unreadable(this.file, error);
    });
    if (bytes.length === length) return bytes;
    throw new CheckpointError(`checkpoint: ${this.file}: expected ${length} bytes; got ${bytes.length}`, this.file);
  }
}

function unreadable(file: string, error: unknown): CheckpointError {
  const { message, code } = error as NodeJS.ErrnoException;
  const hint = code === 'ENOENT' ? '; there is none: check the path, or take another checkpoint' : '';
  return new CheckpointError(`checkpoint: ${file}: expected a readable file; ${message}${hint}`, file, {
    cause: error,
  });
}
