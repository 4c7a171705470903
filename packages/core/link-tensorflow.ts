// Links the addon of tfjs-node to a TensorFlow library that is already on this machine.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { ADDON, type LinkedTensorflow } from './src/backends/tensorflow.ts';
import { BackendError } from './src/errors.ts';

/** A library as it lies on the disk. */
export interface TensorflowLibrary {
  /** Folder of the shared libraries. */
  readonly folder: string;
  /** The shared libraries to link, that of the C interface first. */
  readonly files: readonly string[];
  readonly include: string;
  /** As the headers or the package around them tell it; unknown for some distributions. */
  readonly version?: string;
}

interface Layout {
  readonly name: string;
  readonly folder: string;
  readonly include: string;
  readonly files: readonly [string, string];
  /** The oldest that was tried, or that brings what is linked. */
  readonly oldest: string;
}

const FRAMEWORK = 'libtensorflow_framework.so.2';

/** Where the files of `root` would be, for a Python package (or the folder that holds one) and for a C distribution. */
function layouts(root: string): Layout[] {
  const wheel = (folder: string): Layout => ({
    name: 'Python package',
    folder,
    include: join(folder, 'include'),
    files: ['libtensorflow_cc.so.2', FRAMEWORK],
    oldest: '2.15',
  });
  const c: Layout = {
    name: 'C distribution',
    folder: join(root, 'lib'),
    include: join(root, 'include'),
    files: ['libtensorflow.so.2', FRAMEWORK],
    oldest: '2.9',
  };
  return [wheel(root), wheel(join(root, 'tensorflow')), c];
}

/**
 * The TensorFlow library in `directory`: a Python package `tensorflow` or `tensorflow-cpu`, unpacked or installed (the
 * package itself or the folder that holds it), or a C distribution (`lib/`, `include/`).
 * @throws BackendError when there is none, or it is too old.
 */
export function findLibrary(directory: string): TensorflowLibrary {
  const root = resolve(directory);
  if (root.endsWith('.whl') || root.endsWith('.gz')) {
    throw new BackendError(
      `tensorflow: expected an unpacked package; got ${root}; unpack it first (a wheel is a zip: python3 -m zipfile -e ${basename(root)} DIR)`,
    );
  }
  const all = layouts(root);
  for (const { folder, include, files, name, oldest } of all) {
    if (!existsSync(join(folder, files[0]))) continue;
    const lacking = [join(folder, files[1]), join(include, 'tensorflow', 'c', 'eager', 'c_api.h')].filter(
      (path) => !existsSync(path),
    );
    if (lacking.length > 0) {
      throw new BackendError(
        `tensorflow: expected a whole ${name} in ${root}; got none of ${lacking.join(', ')}; unpack or install it again`,
      );
    }
    const version = versionOf(include, folder);
    if (version !== undefined && isOlder(version, oldest)) throw tooOld(name, oldest, version);
    return { folder, files, include, version };
  }
  // Before 2.12 the library was part of the Python module.
  const old = all.find(({ folder }) => existsSync(join(folder, FRAMEWORK)));
  if (old !== undefined) throw tooOld(old.name, old.oldest, `${old.folder} without ${old.files[0]}`);
  throw new BackendError(
    `tensorflow: expected libtensorflow_cc.so.2 or tensorflow/libtensorflow_cc.so.2 (Python package) or lib/libtensorflow.so.2 (C distribution) in ${root}; got ${existsSync(root) ? 'none of them' : 'no such folder'}; get one with: pip download --no-deps tensorflow-cpu, and unpack it`,
  );
}

function tooOld(name: string, oldest: string, got: string): BackendError {
  return new BackendError(
    `tensorflow: expected a ${name} of TensorFlow ${oldest} or newer; got ${got}; take a newer one: pip download --no-deps tensorflow-cpu`,
  );
}

function versionOf(include: string, folder: string): string | undefined {
  const header = join(include, 'tensorflow', 'core', 'public', 'version.h');
  const text = existsSync(header) ? readFileSync(header, 'utf8') : '';
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map((part) => text.match(`define TF_${part}_VERSION (\\d+)`)?.[1]);
  if (!parts.includes(undefined)) return parts.join('.');
  // Newer headers leave it to the build; the Python package has it in the name of the folder beside it.
  const names = existsSync(dirname(folder)) ? readdirSync(dirname(folder)) : [];
  return names.map((name) => name.match(/^tensorflow(?:_cpu)?-(.+)\.dist-info$/)?.[1]).find((v) => v !== undefined);
}

/** Of versions like 2.9.1: compares the numbers of both. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((v) => v.split('.').map((part) => Number.parseInt(part, 10)));
  for (const [i, n] of b.entries()) if ((a[i] ?? 0) !== n) return (a[i] ?? 0) < n;
  return false;
}

/**
 * The first C++ compiler that runs: `$CXX`, else c++, g++, clang++.
 * @returns its command and what it says of itself.
 * @throws BackendError when none does.
 */
export function findCompiler(env: NodeJS.ProcessEnv = process.env): { command: string; about: string } {
  const commands = env.CXX ? [env.CXX] : ['c++', 'g++', 'clang++'];
  for (const command of commands) {
    const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8', env });
    if (status === 0) return { command, about: stdout.split('\n')[0] };
  }
  throw new BackendError(
    `tensorflow: expected a C++ compiler; got none of ${commands.join(', ')}; install one (Debian: apt install g++) or name it in $CXX`,
  );
}

/**
 * Compiles the addon of the tfjs-node package in `package` against `library`, into `folder`: nothing is changed when it
 * fails.
 * @throws BackendError when it does not compile, or does not load.
 */
export function linkAddon(
  library: TensorflowLibrary,
  { source, folder, compiler }: { source: string; folder: string; compiler: string },
): LinkedTensorflow {
  mkdirSync(folder, { recursive: true });
  const unfinished = join(folder, `unfinished-${process.pid}.node`);
  // The interface of Node alone, the same for every version of it.
  const { include_dir: headers } = createRequire(import.meta.url)('node-api-headers') as { include_dir: string };
  const args = [
    ...['-O2', '-shared', '-fPIC', '-std=c++17', '-DNAPI_VERSION=8', `-I${headers}`, `-I${library.include}`],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(source, 'binding', file)),
    ...['-o', unfinished, `-L${library.folder}`, ...library.files.map((file) => `-l:${file}`)],
    ...[`-Wl,-rpath,${library.folder}`, '-Wl,--allow-shlib-undefined'],
  ];
  try {
    const { status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' });
    if (status !== 0) throw failed('to compile the addon', stderr, `the headers are those of ${library.include}`);
    // In a process of its own: a library that does not fit may take the process with it.
    const program = `process.stdout.write('version=' + require(${JSON.stringify(unfinished)}).TF_Version)`;
    const loaded = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    const version = loaded.stdout.match(/version=(.+)$/)?.[1];
    if (version === undefined) throw failed('to load the addon', loaded.stderr, `it is linked to ${library.folder}`);
    const linked = { library: library.folder, version };
    renameSync(unfinished, join(folder, ADDON));
    writeFileSync(join(folder, 'linked.json'), `${JSON.stringify(linked, null, 2)}\n`);
    return linked;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function failed(what: string, stderr: string, hint: string): BackendError {
  const lines = stderr.split('\n').filter((line) => /error/i.test(line));
  return new BackendError(`tensorflow: expected ${what}; got: ${lines[0] ?? (stderr.trim() || 'no output')}; ${hint}`);
}
