import * as tf from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../../errors.ts';
import type { SeqrecWebgpuBackend, Settings } from './backend.ts';
import { type OpenDevice, openDevice, type WebgpuInfo } from './device.ts';
import type { MatrixUnit } from './matrix-unit.ts';

export type { WebgpuInfo } from './device.ts';

export interface WebgpuOptions {
  /** How optional packages are imported; tests pass their own. */
  readonly load?: (specifier: string) => Promise<unknown>;
  /** Of the operands of matrix products and of those in attention; sums are float32 always. Default `f32`. */
  readonly precision?: 'f32' | 'f16';
}

const NAME = 'webgpu';
const PACKAGE = '@tensorflow/tfjs-backend-webgpu';
let registered: Pick<OpenDevice, 'info' | 'matrices'> | undefined;
/** The GPU that Dawn made, in Node. */
let madeHere: GPU | undefined;
let restoreProducts: (() => void) | undefined;
/** What each backend said of its subgroup matrices. */
const tried = new WeakMap<SeqrecWebgpuBackend, string>();
const settings: Settings = { precision: 'f32' };

/**
 * Opens a GPU and registers the backend `webgpu` with TensorFlow.js: the stock backend on a device of ours, and our
 * programs over it. In Node the GPU comes from Dawn (npm `webgpu`), in a browser from `navigator.gpu`.
 * Called again, it only changes the precision.
 * @throws UnsupportedError when a package or an adapter is missing, or the device has no half precision;
 *   BackendError when the adapter gives no device.
 */
export async function registerWebgpuBackend({
  load = importModule,
  precision = 'f32',
}: WebgpuOptions = {}): Promise<WebgpuInfo & Settings & { readonly subgroupMatrices?: string }> {
  const { info, matrices } = registered ?? (await open(load));
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
    return { ...info, precision, subgroupMatrices: await useMatrices(matrices) };
  }
  return { ...info, precision };
}

/** Tries the subgroup matrices of the backend when it is new to them. @returns what uses them, or why nothing does. */
async function useMatrices(matrices: OpenDevice['matrices']): Promise<string> {
  if (typeof matrices === 'string') return `not used: ${matrices}`;
  const backend = tf.findBackend(NAME) as SeqrecWebgpuBackend;
  let told = tried.get(backend);
  if (told === undefined) {
    told = await tryMatrices(backend, matrices);
    tried.set(backend, told);
  }
  return told;
}

async function tryMatrices(backend: SeqrecWebgpuBackend, unit: Omit<MatrixUnit, 'dialect'>): Promise<string> {
  const { tryAttention, tryProducts } = await import('./kernels/try-matrices.ts');
  const products = await tryProducts(backend, unit);
  if (typeof products === 'string') return `not used: ${products}`;
  backend.matrices.products = products;
  const size = `${unit.M} x ${unit.N} x ${unit.K}, float16 with sums in float32, in products`;
  const attention = await tryAttention(backend, products);
  if (typeof attention === 'string') return `${size}; not in attention: ${attention}`;
  backend.matrices.attention = attention;
  return `${size} and HSTU attention, forward`;
}

async function open(load: NonNullable<WebgpuOptions['load']>): Promise<Pick<OpenDevice, 'info' | 'matrices'>> {
  const { gpu, fromDawn } = await findGpu(load);
  const explain = fromDawn ? (await import('./drivers.ts')).explainNoAdapter : undefined;
  const { device, adapterInfo, info, matrices } = await openDevice(gpu, explain);
  // Loaded only now: the stock backend looks for navigator.gpu when it is imported.
  const [{ SeqrecWebgpuBackend }, { registerWebgpuKernels }] = await loadBackend(load);
  if (tf.findBackendFactory(NAME) != null) tf.removeBackend(NAME);
  tf.registerBackend(NAME, () => new SeqrecWebgpuBackend(device, adapterInfo, { info, settings }), 3);
  registerWebgpuKernels(NAME);
  const opened = { info, matrices };
  registered = opened;
  device.lost.then(() => {
    // Unless another device has taken its place.
    if (registered === opened) registered = undefined;
  });
  return opened;
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
async function findGpu(load: NonNullable<WebgpuOptions['load']>): Promise<{ gpu: GPU; fromDawn: boolean }> {
  const present = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  if (present !== undefined) return { gpu: present, fromDawn: present === madeHere };
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
  madeHere = gpu;
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  return { gpu, fromDawn: true };
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
