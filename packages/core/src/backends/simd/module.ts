import { platform } from '#simd-platform';
import { BackendError } from '../../errors.ts';
import type { KernelExports } from './kernels.ts';
import { VARIANTS, type Variant } from './platform/platform.ts';
import { selfTest } from './self-test.ts';

export { VARIANTS, type Variant } from './platform/platform.ts';

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
 * so each variant's bytes get a custom section of their own. `library`: imports that multiply by a native library.
 */
export async function loadModule(
  memory: WebAssembly.Memory,
  wanted: readonly Variant[] = VARIANTS,
  library?: WebAssembly.ModuleImports,
): Promise<LoadedModule> {
  const rejected: { variant: Variant; reason: string }[] = [];
  for (const variant of wanted) {
    if (!platform.variants.includes(variant)) {
      rejected.push({ variant, reason: 'not available on this platform' });
      continue;
    }
    if (library !== undefined && variant === 'plain') {
      rejected.push({ variant, reason: 'multiplies by no library' });
      continue;
    }
    try {
      const file = library !== undefined ? 'relaxed-blas' : variant === 'plain' ? 'plain' : 'relaxed';
      const bytes = await platform.readKernels(file);
      const module = await platform.compile(withSection(bytes, variant), variant);
      const instance = await platform.instantiate(module, { env: { memory, ...library } });
      const kernels = instance.exports as unknown as KernelExports;
      const problem = selfTest(kernels, memory, variant === 'revectorized', library !== undefined);
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

/** Appends an empty custom section named after the variant. */
function withSection(bytes: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(name);
  const out = new Uint8Array(bytes.length + text.length + 3);
  out.set(bytes);
  out.set([0, text.length + 1, text.length], bytes.length);
  out.set(text, bytes.length + 3);
  return out;
}
