// `pnpm tensorflow`: turns the tensorflow backend on. With `--library DIR` it links the addon of tfjs-node to the
// library in DIR. Without, it runs the package's own install script, which pnpm refuses to run by itself: it downloads
// libtensorflow, hundreds of megabytes, from outside the registry. Then it starts the backend and runs a product.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { findCompiler, findLibrary, linkAddon } from './link-tensorflow.ts';
import { linkedFolder } from './src/backends/tensorflow.ts';
import { BackendError } from './src/errors.ts';

const PACKAGE = '@tensorflow/tfjs-node-gpu';

const HELP = `pnpm tensorflow [--library DIR]

  --library DIR  link the TensorFlow library in DIR: a Python package tensorflow or tensorflow-cpu (2.15 or newer),
                 unpacked or installed (python3 -c "import tensorflow, os; print(os.path.dirname(tensorflow.__file__))"),
                 or a C distribution (lib/, include/). Needs a C++ compiler. The same links tensorflow[and-cuda], which
                 has not been tried on a GPU.

Without it the install script of ${PACKAGE} downloads libtensorflow 2.9.1 (CUDA 11).
The linked addon goes to $SEQREC_TENSORFLOW, else to packages/core/tensorflow; remove the folder to undo it.`;

/**
 * Runs the `install` script of the package in `folder` as a package manager does: there, with its
 * own commands on the path.
 * @throws BackendError when the package has no such script, or it fails.
 */
export function runInstallScript(folder: string): void {
  const { name, scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    scripts?: Record<string, string>;
  };
  const script = scripts?.install;
  if (script === undefined) {
    throw new BackendError(`tensorflow: expected ${name} to have an install script; got none; it may need none`);
  }
  const bin = (at: string) => join(at, 'node_modules', '.bin');
  const path = [bin(folder), dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  const { status } = spawnSync(script, {
    cwd: folder,
    shell: true,
    stdio: 'inherit',
    env: { ...process.env, PATH: path, INIT_CWD: process.cwd() },
  });
  if (status !== 0) {
    throw new BackendError(
      `tensorflow: expected the install script of ${name} to end with 0; got ${status}; its output above says why; it downloads from https://storage.googleapis.com; a library that is here links with --library DIR`,
    );
  }
}

function packageFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`));
  } catch (cause) {
    throw new BackendError(`tensorflow: expected the optional package ${PACKAGE}; got none; run: pnpm install`, {
      cause,
    });
  }
}

/** Links the library in `directory`, and says what was linked. */
function link(directory: string): void {
  if (process.platform !== 'linux') {
    throw new BackendError(`tensorflow: expected Linux for --library; got ${process.platform}; leave the option out`);
  }
  const began = performance.now();
  // A relative path is meant from where the user stands, not from the root of the workspace.
  const library = findLibrary(resolve(process.env.INIT_CWD ?? '.', directory));
  const { command, about } = findCompiler();
  const source = packageFolder();
  const folder = linkedFolder() as string;
  console.log(`Linking ${library.files.join(' and ')} of ${library.folder} with ${about} ...`);
  const { version } = linkAddon(library, { source, folder, compiler: command });
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`Linked TensorFlow ${version} into ${folder}, in ${seconds} s.`);
}

/** Starts the backend and compares a product with the same one in plain JavaScript. */
async function tryProduct(): Promise<void> {
  const { useBackend } = await import('./src/index.ts');
  const { details } = await useBackend('tensorflow');
  const n = 64;
  const [a, b] = [0.3, 0.7].map((step) => Float32Array.from({ length: n * n }, (_, i) => Math.sin(step * i)));
  const got = tf.matMul(tf.tensor2d(a, [n, n]), tf.tensor2d(b, [n, n])).dataSync();
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      worst = Math.max(worst, Math.abs(got[i * n + j] - sum));
    }
  }
  if (!(worst < 1e-4)) {
    throw new BackendError(
      `tensorflow: expected a product of ${n} x ${n} matrices as in float64; got a difference of ${worst}; take another library`,
    );
  }
  const { package: name, version, tensorflow, device } = details;
  console.log(
    `The tensorflow backend works: ${name} ${version}, TensorFlow ${tensorflow}, device ${device}; a product is right within ${worst.toExponential(0)}. Use --backend tensorflow`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { library: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(HELP);
  if (values.library === undefined) runInstallScript(packageFolder());
  else link(values.library);
  await tryProduct();
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
