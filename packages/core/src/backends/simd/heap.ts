import { OutOfMemoryError } from '../../errors.ts';

/** Blocks are multiples of 64 bytes: a cache line, and aligned for every element type. */
const LINE = 64;
const PAGE = 65536;
/** Kernels may read a few rows past an operand's end; the last block stays this far from the end of memory. */
const GUARD = PAGE;
const GROWTH = 16 * 1024 * 1024;

/** Four size classes for each power of two. */
function sizeClass(bytes: number): number {
  const exponent = 31 - Math.clz32(bytes);
  const quarter = exponent >= 2 ? (bytes >>> (exponent - 2)) & 3 : 0;
  return exponent * 4 + quarter;
}

/**
 * Allocator over one shared WebAssembly memory: size classes, blocks split on allocation and merged on release.
 * Memory grows on demand up to its maximum and is never given back; freed blocks are reused.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly maximumBytes: number;
  #top: number;
  #end: number;
  #used = 0;
  #peak = 0;
  readonly #allocated = new Map<number, number>();
  readonly #free = new Map<number, number>();
  readonly #freeEnd = new Map<number, number>();
  readonly #classes: Set<number>[] = Array.from({ length: 132 }, () => new Set());

  constructor(memory: WebAssembly.Memory, start: number, maximumBytes: number) {
    this.memory = memory;
    this.maximumBytes = maximumBytes;
    this.#top = Math.ceil(start / LINE) * LINE;
    this.#end = memory.buffer.byteLength - GUARD;
  }

  /** Bytes in allocated blocks now. */
  get used(): number {
    return this.#used;
  }

  /** Largest value of `used` so far, or since `resetPeak`. */
  get peak(): number {
    return this.#peak;
  }

  get blocks(): number {
    return this.#allocated.size;
  }

  resetPeak(): void {
    this.#peak = this.#used;
  }

  /**
   * Address of a block of at least `bytes` bytes, aligned to 64. Contents are undefined. `what` is for the error,
   * made only when there is one.
   */
  allocate(bytes: number, what: string | (() => string) = 'a tensor'): number {
    // Sizes of shapes that no check has seen: nothing here may be walked with them.
    if (!(bytes >= 0)) throw new RangeError(`heap: expected a number of bytes; got ${bytes}`);
    const size = Math.max(LINE, Math.ceil(bytes / LINE) * LINE);
    const address = this.#reuse(size) ?? this.#extend(size, what);
    this.#allocated.set(address, size);
    this.#used += size;
    if (this.#used > this.#peak) this.#peak = this.#used;
    return address;
  }

  release(address: number): void {
    const size = this.#allocated.get(address);
    if (size === undefined) throw new RangeError(`heap: expected the address of an allocated block; got ${address}`);
    this.#allocated.delete(address);
    this.#used -= size;
    let start = address;
    let end = address + size;
    const before = this.#freeEnd.get(start);
    if (before !== undefined) {
      this.#unlink(before);
      start = before;
    }
    const after = this.#free.get(end);
    if (after !== undefined) {
      this.#unlink(end);
      end += after;
    }
    if (end === this.#top) this.#top = start;
    else this.#link(start, end - start);
  }

  #link(address: number, size: number): void {
    this.#free.set(address, size);
    this.#freeEnd.set(address + size, address);
    this.#classes[sizeClass(size)].add(address);
  }

  #unlink(address: number): void {
    const size = this.#free.get(address)!;
    this.#free.delete(address);
    this.#freeEnd.delete(address + size);
    this.#classes[sizeClass(size)].delete(address);
  }

  #reuse(size: number): number | undefined {
    const own = sizeClass(size);
    let looked = 0;
    for (const address of this.#classes[own]) {
      if (this.#free.get(address)! >= size) return this.#take(address, size);
      if (++looked === 8) break;
    }
    for (let c = own + 1; c < this.#classes.length; c++) {
      // Most are empty, and an iterator for each would cost more than the search.
      if (this.#classes[c].size === 0) continue;
      for (const address of this.#classes[c]) return this.#take(address, size);
    }
    return undefined;
  }

  #take(address: number, size: number): number {
    const whole = this.#free.get(address)!;
    this.#unlink(address);
    if (whole > size) this.#link(address + size, whole - size);
    return address;
  }

  #extend(size: number, what: string | (() => string)): number {
    const address = this.#top;
    const end = address + size;
    if (end > this.#end) {
      const wanted = Math.ceil(Math.max(end - this.#end, Math.min(GROWTH, this.maximumBytes / 8)) / PAGE);
      const possible = Math.floor((this.maximumBytes - GUARD - this.#end) / PAGE);
      const pages = Math.min(wanted, possible);
      if (this.#end + pages * PAGE < end) throw this.#full(size, what);
      try {
        this.memory.grow(pages);
      } catch {
        throw this.#full(size, what);
      }
      this.#end = this.memory.buffer.byteLength - GUARD;
    }
    this.#top = end;
    return address;
  }

  #full(size: number, what: string | (() => string)): OutOfMemoryError {
    const name = typeof what === 'string' ? what : what();
    return new OutOfMemoryError(
      `simd: expected room for ${size} bytes (${name}); the heap holds ${this.#used} of at most ${this.maximumBytes} bytes; ` +
        'lower the batch size, the sequence length or the model width',
      size,
    );
  }
}
