import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { BackendError } from '../../errors.ts';
import type { KernelExports } from './kernels.ts';
import { selfTest } from './self-test.ts';

/** Ways to compile the kernels, fastest first. */
export const VARIANTS = ['revectorized', 'relaxed', 'plain'] as const;
export type Variant = (typeof VARIANTS)[number];

export interface LoadedModule {
  readonly variant: Variant;
  readonly module: WebAssembly.Module;
  readonly kernels: KernelExports;
  /** Faster variants that were tried and why each was left. */
  readonly rejected: readonly { readonly variant: Variant; readonly reason: string }[];
}

const PAGE = 65536;

/** One shared memory; a machine that refuses to reserve 4 GiB of address space gets less. */
export function createMemory(maximumBytes: number): { memory: WebAssembly.Memory; maximumBytes: number } {
  for (let pages = Math.floor(maximumBytes / PAGE); pages >= 1024; pages = Math.floor(pages / 2)) {
    try {
      const memory = new WebAssembly.Memory({ initial: 512, maximum: pages, shared: true });
      return { memory, maximumBytes: pages * PAGE };
    } catch {
      // Reserved address space is the limit: try half.
    }
  }
  throw new BackendError('simd: expected shared WebAssembly memory of at least 64 MiB; this process cannot reserve it');
}

/**
 * Compiles the fastest variant that passes the self-test on `memory`. V8 caches compiled code by the module's bytes,
 * so each variant's bytes get a custom section of their own.
 */
export async function loadModule(
  memory: WebAssembly.Memory,
  wanted: readonly Variant[] = VARIANTS,
): Promise<LoadedModule> {
  const rejected: { variant: Variant; reason: string }[] = [];
  for (const variant of wanted) {
    try {
      const module = await compile(variant);
      const instance = new WebAssembly.Instance(module, { env: { memory } });
      const kernels = instance.exports as unknown as KernelExports;
      const problem = selfTest(kernels, memory, variant === 'revectorized');
      if (problem === undefined) return { variant, module, kernels, rejected };
      rejected.push({ variant, reason: `self-test: ${problem}` });
    } catch (cause) {
      rejected.push({ variant, reason: cause instanceof Error ? cause.message : String(cause) });
    }
  }
  const reasons = rejected.map(({ variant, reason }) => `${variant}: ${reason}`).join('; ');
  throw new BackendError(
    `simd: expected one of the variants ${wanted.join(', ')} to compile and pass its self-test; got ${reasons}`,
  );
}

async function compile(variant: Variant): Promise<WebAssembly.Module> {
  const file = new URL(`./wasm/${variant === 'plain' ? 'plain' : 'relaxed'}.wasm`, import.meta.url);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new BackendError(
      `simd: expected the compiled kernels at ${file.pathname}; build them with \`pnpm install\``,
      { cause },
    );
  });
  // The optimising compiler at once, so that the self-test runs the code that training will run.
  const flags = [
    [variant === 'revectorized' ? '--experimental-wasm-revectorize' : '--no-experimental-wasm-revectorize', ''],
    ['--no-liftoff', '--liftoff'],
    ['--no-wasm-lazy-compilation', '--wasm-lazy-compilation'],
  ];
  for (const [flag] of flags) setFlagsFromString(flag);
  try {
    // Synchronous, which is quick for a module this small: Node does not stay alive for an asynchronous compilation alone.
    return new WebAssembly.Module(withSection(bytes, variant));
  } finally {
    for (const [, restore] of flags) if (restore) setFlagsFromString(restore);
  }
}

/** Appends an empty custom section named after the variant. */
function withSection(bytes: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(name);
  const out = new Uint8Array(bytes.length + text.length + 3);
  out.set(bytes);
  out.set([0, text.length + 1, text.length], bytes.length);
  out.set(text, bytes.length + 3);
  return out;
}
