import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { BackendError, ThreadCountError } from '../../../errors.ts';
import { type ThreadStart, threadProgram } from '../kernel-thread.ts';
import { checkKernelSources } from './kernel-sources.ts';
import { type KernelFile, type KernelThread, MOST_THREADS, type Platform, VARIANTS, type Variant } from './platform.ts';

const PROGRAM = `const { parentPort, workerData } = require('node:worker_threads');
${threadProgram('workerData', "() => parentPort.postMessage('ready')")};`;

/** The same with products by a library, which each thread loads. */
const libraryProgram = (
  libraryImports: string,
): string => `const { parentPort, workerData } = require('node:worker_threads');
const { koffi, path } = workerData.library;
${threadProgram(
  'workerData',
  "() => parentPort.postMessage('ready')",
  `(${libraryImports})(require(koffi), path, workerData.memory)`,
)};`;

/** What the environment asks for, else the processors that this process may use, at most MOST_THREADS. */
function threadCount(): number {
  const { SEQREC_THREADS: wanted } = process.env;
  if (!wanted) return Math.min(MOST_THREADS, availableParallelism());
  if (/^\d+$/.test(wanted) && +wanted >= 1 && +wanted <= 64) return +wanted;
  throw new ThreadCountError(`simd: expected SEQREC_THREADS to be a whole number from 1 to 64; got ${wanted}`);
}

/** Node: worker threads, kernels from the disk, V8's flags. */
export const platform: Platform = {
  variants: VARIANTS,
  threads: () => ({ count: threadCount() }),
  checkKernels: () => checkKernelSources(),
  readKernels,
  compile,
  // Synchronous, which is quick for a module this small: Node does not stay alive for an
  // asynchronous compilation alone.
  instantiate: async (module, imports) => new WebAssembly.Instance(module, imports),
  openLibrary: async (wanted) => (await import('../native/open-library.ts')).openLibrary(wanted),
  startThread,
  rest(words, index, value) {
    Atomics.wait(words, index, value, 0.2);
  },
};

async function readKernels(name: KernelFile): Promise<Uint8Array> {
  const file = new URL(`../wasm/${name}.wasm`, import.meta.url);
  return readFile(file).catch((cause: unknown) => {
    throw new BackendError(
      `simd: expected the compiled kernels at ${file.pathname}; build them with \`pnpm install\``,
      { cause },
    );
  });
}

const REVECTORIZE = '--experimental-wasm-revectorize';
const NO_REVECTORIZE = '--no-experimental-wasm-revectorize';

/** Whether Node was started with revectorisation, in either spelling of V8's flags: V8 does not tell how they stand. */
function revectorizes(): boolean {
  return process.execArgv.some((flag) => flag.replaceAll('_', '-') === REVECTORIZE);
}

async function compile(bytes: Uint8Array<ArrayBuffer>, variant: Variant): Promise<WebAssembly.Module> {
  // The optimising compiler at once, so that the self-test runs the code that training will run.
  // Afterwards V8 compiles other modules of this process as before: the self-test vouches for these kernels alone.
  const flags = [
    [variant === 'revectorized' ? REVECTORIZE : NO_REVECTORIZE, revectorizes() ? REVECTORIZE : NO_REVECTORIZE],
    ['--no-liftoff', '--liftoff'],
    ['--no-wasm-lazy-compilation', '--wasm-lazy-compilation'],
  ];
  for (const [flag] of flags) setFlagsFromString(flag);
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    for (const [, restore] of flags) setFlagsFromString(restore);
  }
}

async function programOf({ library }: ThreadStart): Promise<string> {
  if (library === undefined) return PROGRAM;
  return libraryProgram(String((await import('../native/library-imports.ts')).libraryImports));
}

async function startThread(name: string, start: ThreadStart): Promise<KernelThread> {
  const worker = new Worker(await programOf(start), { name, eval: true, workerData: start });
  return new Promise((resolve, reject) => {
    worker.once('message', () => {
      // From here on an idle thread does not keep the process alive.
      worker.unref();
      resolve({
        async stop() {
          await worker.terminate();
        },
      });
    });
    worker.once('error', (cause) => reject(new BackendError(`simd: a kernel thread did not start: ${cause.message}`)));
  });
}
