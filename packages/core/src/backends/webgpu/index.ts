import * as tf from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../../errors.ts';
import type { Settings } from './backend.ts';
import { openDevice, type WebgpuInfo } from './device.ts';

export type { WebgpuInfo } from './device.ts';

export interface WebgpuOptions {
  /** How optional packages are imported; tests pass their own. */
  readonly load?: (specifier: string) => Promise<unknown>;
  /** Of the operands of matrix products and of those in attention; sums are float32 always. Default `f32`. */
  readonly precision?: 'f32' | 'f16';
}

const NAME = 'webgpu';
const PACKAGE = '@tensorflow/tfjs-backend-webgpu';
let registered: WebgpuInfo | undefined;
let restoreProducts: (() => void) | undefined;
const settings: Settings = { precision: 'f32' };

/**
 * Opens a GPU and registers the backend `webgpu` with TensorFlow.js: the stock backend on a device of ours, and our
 * programs over it. In Node the GPU comes from Dawn (npm `webgpu`), in a browser from `navigator.gpu`.
 * Called again, it only changes the precision.
 * @throws UnsupportedError when a package or an adapter is missing, or the device has no half precision; BackendError when the adapter gives no device.
 */
export async function registerWebgpuBackend({
  load = importModule,
  precision = 'f32',
}: WebgpuOptions = {}): Promise<WebgpuInfo & Settings> {
  const info = registered ?? (await open(load));
  if (precision === 'f16' && !info.features.includes('shader-f16')) {
    throw new UnsupportedError(
      `webgpu: expected a device with the feature shader-f16 for precision f16; got ${info.adapter} with ${info.features.join(', ') || 'no features'}; use precision f32`,
    );
  }
  settings.precision = precision;
  restoreProducts?.();
  restoreProducts = undefined;
  if (precision === 'f16') {
    const { registerHalfProducts } = await import('./kernels/half-products.ts');
    restoreProducts = registerHalfProducts(NAME);
  }
  return { ...info, precision };
}

async function open(load: NonNullable<WebgpuOptions['load']>): Promise<WebgpuInfo> {
  const gpu = await findGpu(load);
  const { device, adapterInfo, info } = await openDevice(gpu);
  // Loaded only now: the stock backend looks for navigator.gpu when it is imported.
  const [{ SeqrecWebgpuBackend }, { registerWebgpuKernels }] = await loadBackend(load);
  if (tf.findBackendFactory(NAME) != null) tf.removeBackend(NAME);
  tf.registerBackend(NAME, () => new SeqrecWebgpuBackend(device, adapterInfo, { info, settings }), 3);
  registerWebgpuKernels(NAME);
  registered = info;
  device.lost.then(() => {
    // Unless another device has taken its place.
    if (registered === info) registered = undefined;
  });
  return info;
}

async function loadBackend(load: NonNullable<WebgpuOptions['load']>) {
  try {
    await load(PACKAGE);
  } catch (cause) {
    throw missing(PACKAGE, cause);
  }
  return Promise.all([import('./backend.ts'), import('./kernels/register.ts')]);
}

/** `navigator.gpu`, in Node made by Dawn and put where tfjs looks for it. */
async function findGpu(load: NonNullable<WebgpuOptions['load']>): Promise<GPU> {
  const present = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  if (present !== undefined) return present;
  if (globalThis.process?.versions?.node === undefined) {
    throw new UnsupportedError(
      'webgpu: expected navigator.gpu; got none; use a browser with WebGPU and a secure page (https or localhost), or another backend: simd, cpu',
    );
  }
  let dawn: { create(options: string[]): GPU; globals: object };
  try {
    dawn = (await load('webgpu')) as typeof dawn;
  } catch (cause) {
    throw missing('webgpu', cause);
  }
  Object.assign(globalThis, dawn.globals);
  // Subgroup matrices are still behind this switch of Dawn.
  const gpu = dawn.create(['enable-dawn-features=allow_unsafe_apis']);
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

function importModule(specifier: string): Promise<unknown> {
  // Written out for bundlers.
  return specifier === PACKAGE ? import('@tensorflow/tfjs-backend-webgpu') : import(specifier);
}

function missing(name: string, cause: unknown): UnsupportedError {
  const why = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0];
  return new UnsupportedError(
    `webgpu: expected the package ${name}; got: ${why}; install it beside @seqrec/core: pnpm add ${name}`,
    { cause },
  );
}
