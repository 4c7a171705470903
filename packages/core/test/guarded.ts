import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { SimdBackend } from '../src/backends/simd/backend.ts';
import { registerSimdGradients } from '../src/backends/simd/gradients.ts';
import { registerSimdBackend, removeSimdBackend } from '../src/backends/simd/index.ts';
import { registerSimdKernels } from '../src/backends/simd/kernels/register.ts';
import type { KernelExports } from '../src/backends/simd/kernels.ts';
import { createMemory } from '../src/backends/simd/module.ts';

/** Bytes after each block that no kernel may write, and what they hold. */
const GUARD = 64;
const BYTE = 0x5e;

/**
 * Starts the simd backend on its guarded kernels, one thread: a kernel traps when it ends and wrote outside the
 * regions of its scratch memory, where stale values are NaN; and a block of the heap is refused back when something
 * wrote past the bytes that were asked for. `wide`: with the micro-kernels for 256-bit registers.
 */
export async function useGuarded(wide: boolean): Promise<void> {
  // Registers what is registered once, and is then replaced.
  await registerSimdBackend({ threads: 1 });
  await removeSimdBackend();
  const program = fileURLToPath(new URL('../build-assembly.mjs', import.meta.url));
  execFileSync(process.execPath, [program, '--guarded'], { stdio: 'inherit' });
  const bytes = await readFile(new URL('../src/backends/simd/wasm/guarded.wasm', import.meta.url));
  const { memory, maximumBytes } = createMemory(65536 * 65536);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const kernels = instance.exports as unknown as KernelExports;
  kernels.setup(wide);
  const backend = new SimdBackend(memory, maximumBytes, kernels, 1);
  guardHeap(backend);
  tf.registerBackend('simd', () => backend, 4);
  registerSimdKernels('simd');
  registerSimdGradients('simd');
  await tf.setBackend('simd');
}

function guardHeap({ heap }: SimdBackend): void {
  const { allocate, release } = heap;
  const sizes = new Map<number, { readonly bytes: number; readonly what: string }>();
  const guard = (address: number) => new Uint8Array(heap.memory.buffer, address + sizes.get(address)!.bytes, GUARD);
  heap.allocate = (bytes, what = 'a tensor') => {
    const name = typeof what === 'string' ? what : what();
    const address = allocate.call(heap, bytes + GUARD, name);
    sizes.set(address, { bytes, what: name });
    // Values that nobody wrote are NaN.
    new Uint8Array(heap.memory.buffer, address, bytes).fill(0xff);
    guard(address).fill(BYTE);
    return address;
  };
  heap.release = (address) => {
    const at = guard(address).findIndex((byte) => byte !== BYTE);
    const { bytes, what } = sizes.get(address)!;
    sizes.delete(address);
    release.call(heap, address);
    if (at >= 0) throw new Error(`heap: expected ${bytes} bytes of ${what}; got a write to byte ${bytes + at}`);
  };
}
