import { readFileSync } from 'node:fs';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ThreadCountError } from '../errors.ts';
import {
  BackendError,
  explainKernels,
  formatKernelTable,
  fusedKernelNames,
  type ModuleLoader,
  registerComposed,
  silu,
  UnsupportedError,
  useBackend,
} from '../index.ts';

// tfjs warns about backends that fail on purpose here, and bare MathBackendCPUs advertise tfjs-node.
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

afterEach(async () => {
  vi.restoreAllMocks();
  await tf.setBackend('cpu');
});

const absent: ModuleLoader = async (specifier) => {
  throw new Error(`Cannot find package '${specifier}'`);
};

/** Stands for tfjs-node: loading it registers a backend called tensorflow. */
function fakeTensorflow(available: string): ModuleLoader {
  return async (specifier) => {
    if (specifier !== available) return absent(specifier);
    // What tfjs-node does at this point on Node 23 and later without our repair: call a function that is gone.
    const util = process.getBuiltinModule('node:util') as unknown as Record<string, (x: unknown) => boolean>;
    expect(util.isNullOrUndefined(undefined)).toBe(true);
    // And one for which Node warns (DEP0044).
    expect(util.isArray).toBe(Array.isArray);
    tf.registerBackend('tensorflow', () => new MathBackendCPU());
    for (const { kernelName, kernelFunc } of tf.getKernelsForBackend('cpu')) {
      if (tf.getKernel(kernelName, 'tensorflow') === undefined) {
        tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc });
      }
    }
    return { version: { 'tfjs-node': '4.22.0' } };
  };
}

it('an unknown name lists the known ones', async () => {
  const unknown = useBackend('gpu' as 'cpu');
  await expect(unknown).rejects.toThrow(BackendError);
  await expect(unknown).rejects.toThrow(
    "useBackend: expected one of auto, simd, cpu, wasm, webgpu, tensorflow; got 'gpu'; names are those of tfjs, in lower case",
  );
});

it.each(['abc', '0', '-1'])(
  'a number of threads that is none is an error, not a reason for cpu: %s',
  async (wanted) => {
    vi.stubEnv('SEQREC_THREADS', wanted);
    const message = `simd: expected SEQREC_THREADS to be a whole number from 1 to 64; got ${wanted}`;
    for (const name of ['auto', 'simd'] as const) {
      await expect(useBackend(name)).rejects.toThrow(ThreadCountError);
      await expect(useBackend(name)).rejects.toThrow(message);
    }
    vi.unstubAllEnvs();
    await expect(useBackend('auto', { threads: Number(wanted) })).rejects.toThrow(ThreadCountError);
  },
);

it.each(['auto', 'simd', 'cpu'] as const)('%s has no half precision', async (name) => {
  await expect(useBackend(name, { precision: 'f16' })).rejects.toThrow(
    `useBackend: expected precision f32 on ${name}; got f16; half precision runs on webgpu`,
  );
});

it.each(['cpu', 'wasm', 'webgpu', 'tensorflow'] as const)('%s has no native products', async (name) => {
  await expect(useBackend(name, { blas: 'auto' })).rejects.toThrow(
    `useBackend: expected blas off on ${name}; got auto; native libraries multiply on simd`,
  );
});

it('auto takes simd and nothing else where a native library is asked for', async () => {
  await expect(useBackend('auto', { blas: '/no/library.so' })).rejects.toThrow(/^blas: expected /);
  await expect(useBackend('auto', { blas: 'auto', load: absent })).rejects.toThrow(/Cannot find package/);
});

it('simd says which products a native library makes, or why none', async () => {
  const started = (blas: object): ModuleLoader => {
    tf.registerBackend('simd', () => new MathBackendCPU());
    return async () => ({ registerSimdBackend: async () => ({ blas }) });
  };
  const reason = async (blas: object) => {
    const choice = await useBackend('simd', { blas: 'auto', load: started(blas) });
    tf.removeBackend('simd');
    expect(choice.details).toEqual({ blas });
    return choice.reason.split('; ').slice(1).join('; ');
  };
  const library = { library: 'a.so', version: 'OpenBLAS 1', core: 'Zen' };
  expect(await reason({ ...library, from: 64 })).toBe('products of 64 and more a side, by OpenBLAS 1 (Zen)');
  expect(await reason({ ...library, from: 'never', note: 'blas: slow' })).toBe(
    'no products, since ours are as fast, by OpenBLAS 1 (Zen); blas: slow',
  );
  expect(await reason({ missing: 'blas: none' })).toBe('blas: none');
});

it('auto falls back to cpu and says why', async () => {
  const choice = await useBackend('auto', { load: absent });
  expect(tf.getBackend()).toBe('cpu');
  expect(choice).toEqual({
    name: 'cpu',
    reason: 'plain JavaScript, always available, slow; simd did not start',
    tried: [{ name: 'simd', reason: "Cannot find package './simd/index.ts'" }],
    details: {},
  });
});

it('cpu prints nothing, however it is made', async () => {
  const write = (backend: tf.KernelBackend) => backend.write(Float32Array.of(1), [1], 'float32');
  // The stock backend would: the check can fail.
  write(new MathBackendCPU());
  expect(console.warn).toHaveBeenCalledWith(expect.stringContaining('tfjs-node'));
  vi.mocked(console.warn).mockClear();
  write((await tf.findBackendFactory('cpu')()) as MathBackendCPU);
  await useBackend('cpu');
  tf.tensor1d([1]).dispose();
  expect(console.warn).not.toHaveBeenCalled();
});

it('auto takes simd when it starts, with its own details', async () => {
  const asked: unknown[] = [];
  const load: ModuleLoader = async () => ({
    registerSimdBackend: async (options: unknown) => {
      asked.push(options);
      tf.registerBackend('simd', () => new MathBackendCPU());
      return { threads: 3 };
    },
  });
  const choice = await useBackend('auto', { load, threads: 3 });
  expect(asked).toEqual([{ threads: 3 }]);
  expect(choice).toMatchObject({ name: 'simd', tried: [], details: { threads: 3 } });
  await tf.setBackend('cpu');
  tf.removeBackend('simd');
});

it('tensorflow prefers the GPU package, then the CPU one', async () => {
  const gpu = await useBackend('tensorflow', { load: fakeTensorflow('@tensorflow/tfjs-node-gpu') });
  expect(gpu.details).toEqual({ package: '@tensorflow/tfjs-node-gpu', version: '4.22.0' });
  expect(tf.getBackend()).toBe('tensorflow');
  // Fused ops run there, composed.
  expect(silu(tf.tensor1d([0, 1])).dataSync()[1]).toBeCloseTo(0.731058, 5);
  await tf.setBackend('cpu');
  tf.removeBackend('tensorflow');
  const cpu = await useBackend('tensorflow', { load: fakeTensorflow('@tensorflow/tfjs-node') });
  expect(cpu.details).toMatchObject({ package: '@tensorflow/tfjs-node' });
  await tf.setBackend('cpu');
  tf.removeBackend('tensorflow');
});

it('tensorflow without its addon names the command that turns it on', async () => {
  const missing = useBackend('tensorflow', { load: absent });
  await expect(missing).rejects.toThrow(BackendError);
  await expect(missing).rejects.toThrow(
    "useBackend: expected @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node with its native addon; got @tensorflow/tfjs-node-gpu: Cannot find package '@tensorflow/tfjs-node-gpu' | @tensorflow/tfjs-node: Cannot find package '@tensorflow/tfjs-node'; its install script is off by default, as it downloads libtensorflow; turn it on with: npx -y pnpm@12 tensorflow, or link a library that is here with: npx -y pnpm@12 tensorflow --library DIR (in a project of your own: allow the build of @tensorflow/tfjs-node-gpu and pnpm rebuild it)",
  );
});

it('wasm and webgpu say what is missing', async () => {
  await expect(useBackend('wasm', { load: absent })).rejects.toThrow(
    "useBackend: expected @tensorflow/tfjs-backend-wasm; got: Cannot find package '@tensorflow/tfjs-backend-wasm'; install it beside @seqrec/core: pnpm add @tensorflow/tfjs-backend-wasm",
  );
  const load: ModuleLoader = async (specifier) =>
    specifier.startsWith('.') ? import('./webgpu/index.ts') : absent(specifier);
  const webgpu = useBackend('webgpu', { load });
  await expect(webgpu).rejects.toThrow(UnsupportedError);
  await expect(webgpu).rejects.toThrow(
    "webgpu: expected the package webgpu; got: Cannot find package 'webgpu'; install it beside @seqrec/core: pnpm add webgpu",
  );
});

it('a backend that does not initialise is an error with its cause', async () => {
  const load: ModuleLoader = async () => {
    tf.registerBackend('wasm', async () => {
      throw new Error('no memory');
    });
    return {};
  };
  await expect(useBackend('wasm', { load })).rejects.toThrow(/useBackend: expected 'wasm' to start; got: /);
  tf.removeBackend('wasm');
});

it('composed kernels may be registered before or after the backend', async () => {
  registerComposed('early');
  tf.registerBackend('early', () => new MathBackendCPU());
  tf.registerBackend('late', () => new MathBackendCPU());
  registerComposed('late');
  // Twice is once: no warning, no replacement.
  registerComposed('late');
  for (const backend of ['early', 'late']) {
    const [row] = explainKernels([backend]);
    expect(row.backends[backend]).toBe('composed');
    tf.removeBackend(backend);
  }
});

it('the kernel table covers the contract and tells the sources apart', async () => {
  tf.registerKernel({ kernelName: 'Silu', backendName: 'own', kernelFunc: ({ inputs }) => inputs.x! });
  const rows = explainKernels(['cpu', 'own']);
  const row = (kernel: string) => rows.find((r) => r.kernel === kernel)!.backends;
  expect(fusedKernelNames).toHaveLength(40);
  for (const name of fusedKernelNames) expect(row(name).cpu).toBe('composed');
  expect(row('UnsortedSegmentSum').cpu).toBe('composed');
  expect(row('BatchMatMul').cpu).toBe('stock');
  expect(row('Silu').own).toBe('fused');
  expect(row('BatchMatMul').own).toBe('missing');
  const [head, first] = formatKernelTable(rows).split('\n');
  expect(head).toMatch(/^kernel +cpu +own$/);
  expect(first).toMatch(/^AdamWStep +composed +missing$/);
});

it('the README names every kernel of the contract', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(fusedKernelNames.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
