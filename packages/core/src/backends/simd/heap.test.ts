import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../errors.ts';
import { Heap } from './heap.ts';

const PAGE = 65536;

function makeHeap(pages = 64): Heap {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: pages, shared: true });
  return new Heap(memory, 1000, pages * PAGE);
}

describe('Heap', () => {
  it('hands out aligned blocks that never overlap, and reuses what was released', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 50_000 }), fc.boolean(), fc.nat()), { maxLength: 120 }),
        (operations) => {
          const heap = makeHeap();
          const live: { address: number; bytes: number }[] = [];
          for (const [bytes, release, pick] of operations) {
            if (release && live.length > 0) heap.release(live.splice(pick % live.length, 1)[0].address);
            else live.push({ address: heap.allocate(bytes), bytes });
            const sorted = live.toSorted((a, b) => a.address - b.address);
            sorted.forEach(({ address, bytes: size }, i) => {
              expect(address % 64).toBe(0);
              const end = address + Math.max(64, size);
              expect(end).toBeLessThanOrEqual(heap.memory.buffer.byteLength - PAGE);
              if (i + 1 < sorted.length) expect(end).toBeLessThanOrEqual(sorted[i + 1].address);
            });
          }
          for (const { address } of live) heap.release(address);
          expect(heap.used).toBe(0);
          expect(heap.blocks).toBe(0);
        },
      ),
    );
  });

  it('merges neighbours: after everything is released one block takes the whole space again', () => {
    const heap = makeHeap(16);
    const addresses = Array.from({ length: 12 }, () => heap.allocate(40_000));
    for (const i of [1, 3, 5, 7, 9, 11, 0, 2, 4, 6, 8, 10]) heap.release(addresses[i]);
    const size = heap.memory.buffer.byteLength;
    expect(heap.allocate(12 * 40_000)).toBe(addresses[0]);
    expect(heap.memory.buffer.byteLength).toBe(size);
  });

  it('says how many bytes were asked for when memory is full, and goes on working', () => {
    const heap = makeHeap(8);
    const block = heap.allocate(100_000);
    expect(() => heap.allocate(8 * PAGE, 'a float32 tensor of shape [131072]')).toThrow(OutOfMemoryError);
    expect(() => heap.allocate(8 * PAGE, 'a float32 tensor of shape [131072]')).toThrow(
      'simd: expected room for 524288 bytes (a float32 tensor of shape [131072]); the heap holds 100032 of at most 524288 bytes; lower the batch size',
    );
    heap.release(block);
    expect(heap.allocate(100_000)).toBe(block);
  });

  it('refuses to release a block twice', () => {
    const heap = makeHeap();
    const block = heap.allocate(10);
    heap.release(block);
    expect(() => heap.release(block)).toThrow('heap: expected the address of an allocated block');
  });

  it('keeps the peak', () => {
    const heap = makeHeap();
    const block = heap.allocate(6400);
    heap.release(block);
    heap.allocate(64);
    expect([heap.used, heap.peak]).toEqual([64, 6400]);
    heap.resetPeak();
    expect(heap.peak).toBe(64);
  });
});
