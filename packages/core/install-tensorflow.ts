// `pnpm tensorflow`: turns the tensorflow backend on. Runs the package's own install script, which pnpm refuses to run by
// itself: it downloads libtensorflow, hundreds of megabytes, from outside the registry. Then starts the backend.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { BackendError } from './src/errors.ts';

const PACKAGE = '@tensorflow/tfjs-node-gpu';

/**
 * Runs the `install` script of the package in `folder` as a package manager does: there, with its own commands on the path.
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
      `tensorflow: expected the install script of ${name} to end with 0; got ${status}; its output above says why; it downloads from https://storage.googleapis.com`,
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

async function main(): Promise<void> {
  runInstallScript(packageFolder());
  const { useBackend } = await import('./src/index.ts');
  const { details } = await useBackend('tensorflow');
  console.log(`The tensorflow backend works: ${details.package} ${details.version}; use --backend tensorflow`);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
