import * as tf from '@tensorflow/tfjs-core';
import { BackendError, StaleKernelsError, ThreadCountError, UnsupportedError } from '../errors.ts';
import { composedBackends, registerComposed } from './composed/register.ts';
import { mendWasmFusedMatMul } from './composed/wasm-fused-mat-mul.ts';
import type { SimdInfo, SimdOptions } from './simd/index.ts';
import { loadTensorflow, readLinked } from './tensorflow.ts';

/** Backends by name; `auto` takes `simd`, else `cpu`. */
export const backendNames = ['auto', 'simd', 'cpu', 'wasm', 'webgpu', 'tensorflow'] as const;
export type BackendName = (typeof backendNames)[number];

/** Imports an optional module; tests pass their own. */
export type ModuleLoader = (specifier: string) => Promise<unknown>;

export interface BackendOptions {
  /** Threads of the `simd` backend, the main thread included; default: as many as the machine has. */
  readonly threads?: number;
  /**
   * Of the operands of matrix products and of those in attention: `f16` on `webgpu` alone, which keeps them in half
   * precision and sums in float32. Default `f32`.
   */
  readonly precision?: 'f32' | 'f16';
  /** A native library for products, of the `simd` backend alone: its path, or `auto`. Default `off`. */
  readonly blas?: SimdOptions['blas'];
  /** Least side of the products that it makes, as a run before measured it. Default: measured. */
  readonly blasFrom?: number;
  /** How optional modules are imported. */
  readonly load?: ModuleLoader;
}

export interface BackendChoice {
  /** Name under which tfjs knows the backend. */
  readonly name: Exclude<BackendName, 'auto'>;
  /** Why this one. */
  readonly reason: string;
  /** Backends that were tried before and why they were not taken. */
  readonly tried: readonly { readonly name: string; readonly reason: string }[];
  /** What the backend says of itself, for `doctor` and run folders. */
  readonly details: Readonly<Record<string, unknown>>;
}

type Start = (options: BackendOptions, load: ModuleLoader) => Promise<{ reason: string; details: object }>;

const SIMD_MODULE = './simd/index.ts';
const WEBGPU_MODULE = './webgpu/index.ts';
const WEBGPU_PACKAGE = '@tensorflow/tfjs-backend-webgpu';

const starters: Record<Exclude<BackendName, 'auto'>, Start> = {
  simd: startSimd,
  cpu: startCpu,
  wasm: startWasm,
  webgpu: startWebgpu,
  tensorflow: startTensorflow,
};

/**
 * Chooses the tfjs backend and waits until it is ready. Nothing is chosen silently: the result says what was taken,
 * why, and what was tried before.
 *
 * @throws BackendError for an unknown name or a backend that does not start; UnsupportedError when the platform
 *   lacks it or the precision.
 */
export async function useBackend(name: BackendName = 'auto', options: BackendOptions = {}): Promise<BackendChoice> {
  if (!backendNames.includes(name)) {
    throw new BackendError(
      `useBackend: expected one of ${backendNames.join(', ')}; got '${name}'; names are those of tfjs, in lower case`,
    );
  }
  if (options.precision === 'f16' && name !== 'webgpu') {
    throw new UnsupportedError(`useBackend: expected precision f32 on ${name}; got f16; half precision runs on webgpu`);
  }
  const { blas = 'off' } = options;
  if (blas !== 'off' && name !== 'auto' && name !== 'simd') {
    throw new UnsupportedError(
      `useBackend: expected blas off on ${name}; got ${blas}; native libraries multiply on simd`,
    );
  }
  if (name !== 'auto') return start(name, options, []);
  // No other backend has what was asked for.
  if (blas !== 'off') return start('simd', options, []);
  try {
    return await start('simd', options, []);
  } catch (error) {
    // Mended in a second; another backend would be a hundred times as slow.
    if (error instanceof StaleKernelsError || error instanceof ThreadCountError) throw error;
    const tried = [{ name: 'simd', reason: error instanceof Error ? error.message : String(error) }];
    return start('cpu', options, tried);
  }
}

async function start(
  name: Exclude<BackendName, 'auto'>,
  options: BackendOptions,
  tried: BackendChoice['tried'],
): Promise<BackendChoice> {
  const { reason, details } = await starters[name](options, options.load ?? loadModule);
  // A package loaded just now may have registered stock kernels over ours.
  for (const backend of composedBackends) registerComposed(backend);
  let ready = false;
  try {
    ready = await tf.setBackend(name);
  } catch (cause) {
    throw new BackendError(failed(name, message(cause)), { cause });
  }
  if (!ready) throw new BackendError(failed(name, 'its initialisation returned false'));
  const why = tried.length === 0 ? reason : `${reason}; ${tried.map((t) => `${t.name} did not start`).join(', ')}`;
  return { name, reason: why, tried, details: { ...details } };
}

async function loadModule(specifier: string): Promise<unknown> {
  // The literal lets bundlers and the compiler follow the path; optional packages must stay opaque to them.
  if (specifier === SIMD_MODULE) return import('./simd/index.ts');
  if (specifier === WEBGPU_MODULE) return import('./webgpu/index.ts');
  // In a bundle the name alone means nothing; the webgpu backend imports this package anyway.
  if (specifier === WEBGPU_PACKAGE) return import('@tensorflow/tfjs-backend-webgpu');
  return import(specifier);
}

async function startSimd({ threads, blas, blasFrom }: BackendOptions, load: ModuleLoader) {
  const { registerSimdBackend } = (await load(SIMD_MODULE)) as {
    registerSimdBackend(options?: SimdOptions): Promise<Pick<SimdInfo, 'blas'>>;
  };
  const details = await registerSimdBackend({
    ...(threads !== undefined && { threads }),
    ...(blas !== undefined && { blas }),
    ...(blasFrom !== undefined && { blasFrom }),
  });
  const products = details.blas === undefined ? '' : `; ${describeBlas(details.blas)}`;
  return { reason: `WebAssembly SIMD kernels of our own, the fastest on a CPU${products}`, details };
}

/** Which products a native library makes, in a line; or why it makes none. */
function describeBlas(blas: NonNullable<SimdInfo['blas']>): string {
  if ('missing' in blas) return blas.missing;
  const { version, core, from, note } = blas;
  const which = from === 'never' ? 'no products, since ours are as fast' : `products of ${from} and more a side`;
  return `${which}, by ${version} (${core})${note === undefined ? '' : `; ${note}`}`;
}

async function startCpu() {
  return { reason: 'plain JavaScript, always available, slow', details: {} };
}

async function startWasm(_: BackendOptions, load: ModuleLoader) {
  try {
    await load('@tensorflow/tfjs-backend-wasm');
  } catch (cause) {
    const hint = 'install it beside @seqrec/core: pnpm add @tensorflow/tfjs-backend-wasm';
    throw new BackendError(`useBackend: expected @tensorflow/tfjs-backend-wasm; got: ${message(cause)}; ${hint}`, {
      cause,
    });
  }
  mendWasmFusedMatMul();
  return { reason: 'stock tfjs WebAssembly, one thread in Node', details: {} };
}

async function startWebgpu({ precision }: BackendOptions, load: ModuleLoader) {
  const { registerWebgpuBackend } = (await load(WEBGPU_MODULE)) as {
    registerWebgpuBackend(options: { load: ModuleLoader; precision?: 'f32' | 'f16' }): Promise<object>;
  };
  const details = await registerWebgpuBackend({ load, precision });
  return { reason: 'WebGPU with WGSL programs of our own', details };
}

async function startTensorflow(options: BackendOptions, load: ModuleLoader) {
  // A loader of the caller's own brings its addon along.
  return loadTensorflow(load, options.load === undefined ? readLinked() : undefined);
}

function message(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0];
}

function failed(name: string, why: string): string {
  return `useBackend: expected '${name}' to start; got: ${why}; try another backend, 'cpu' always works`;
}
