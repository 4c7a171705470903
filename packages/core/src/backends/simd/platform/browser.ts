import { BackendError } from '../../../errors.ts';
import { type ThreadStart, threadProgram } from '../kernel-thread.ts';
import { type KernelFile, type KernelThread, MOST_THREADS, type Platform } from './platform.ts';

const PROGRAM = `onmessage = ({ data }) => ${threadProgram('data', "() => postMessage('ready')")};`;

/** Browsers: web workers where the page is cross-origin isolated, kernels by URL, no flags of V8. */
export const platform: Platform = {
  variants: ['relaxed', 'plain'],
  threads,
  readKernels,
  // Chromium refuses to compile big modules synchronously on the main thread.
  compile: (bytes) => WebAssembly.compile(bytes),
  instantiate: (module, imports) => WebAssembly.instantiate(module, imports),
  startThread,
  rest(words, index, value) {
    // The main thread of a page may not sleep; in a worker it may.
    if (globalThis.document === undefined) Atomics.wait(words, index, value, 0.2);
    else (Atomics as { pause?: () => void }).pause?.();
  },
};

function threads(): { count: number; reason?: string } {
  if (globalThis.crossOriginIsolated)
    return { count: Math.min(MOST_THREADS, globalThis.navigator.hardwareConcurrency) };
  const headers = 'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';
  return { count: 1, reason: `the page is not cross-origin isolated; more threads need it sent with ${headers}` };
}

async function readKernels(name: KernelFile): Promise<Uint8Array> {
  // Written out, so that bundlers see the files and move them along.
  const url =
    name === 'plain'
      ? new URL('../wasm/plain.wasm', import.meta.url)
      : new URL('../wasm/relaxed.wasm', import.meta.url);
  const hint = 'serve it beside the script, as bundlers do that follow `new URL(file, import.meta.url)`';
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new BackendError(`simd: expected the compiled kernels at ${url.href}; got: ${cause}; ${hint}`, { cause });
  }
  if (!response.ok) {
    throw new BackendError(
      `simd: expected the compiled kernels at ${url.href}; got status ${response.status}; ${hint}`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

function startThread(name: string, start: ThreadStart): Promise<KernelThread> {
  const address = URL.createObjectURL(new Blob([PROGRAM], { type: 'text/javascript' }));
  const failed = (why: string) =>
    new BackendError(
      `simd: a kernel thread did not start: ${why}; a content security policy must allow \`worker-src blob:\` and \`script-src 'wasm-unsafe-eval'\``,
    );
  return new Promise<KernelThread>((resolve, reject) => {
    const worker = new Worker(address, { name });
    worker.onmessage = () => resolve({ stop: async () => worker.terminate() });
    worker.onerror = (event) => {
      worker.terminate();
      reject(failed(event.message || 'no reason given'));
    };
    worker.postMessage(start);
  }).finally(() => URL.revokeObjectURL(address));
}
