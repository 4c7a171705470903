// `pnpm tensorflow`, with packages made here instead of the one that downloads.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runInstallScript } from '../packages/core/install-tensorflow.ts';
import { findCompiler, findLibrary, isOlder, linkAddon } from '../packages/core/link-tensorflow.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'seqrec-tensorflow-'));

function packageWith(scripts: Record<string, string>): string {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'tfjs-fake', scripts }));
  return folder;
}

afterAll(() => rmSync(folder, { recursive: true }));

describe('pnpm tensorflow', () => {
  it('is the script of the workspace that the README and the core package name', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts.tensorflow).toBe('node packages/core/install-tensorflow.ts');
    for (const file of ['README.md', 'packages/core/README.md']) {
      expect(readFileSync(join(root, file), 'utf8'), file).toContain('pnpm@12 tensorflow');
    }
  });

  it('runs the install script in the folder of the package, with this Node', () => {
    writeFileSync(
      join(folder, 'install.js'),
      "require('node:fs').writeFileSync('ran', process.version + ' ' + process.argv[2]);",
    );
    runInstallScript(packageWith({ install: 'node install.js gpu' }));
    expect(readFileSync(join(folder, 'ran'), 'utf8')).toBe(`${process.version} gpu`);
  });

  it('says what failed', () => {
    expect(() => runInstallScript(packageWith({ install: 'node -e "process.exit(3)"' }))).toThrow(
      'tensorflow: expected the install script of tfjs-fake to end with 0; got 3; its output above says why; it downloads from https://storage.googleapis.com; a library that is here links with --library DIR',
    );
    expect(() => runInstallScript(packageWith({}))).toThrow(
      'tensorflow: expected tfjs-fake to have an install script; got none; it may need none',
    );
  });
});

/** A folder with these files, empty or with the text given. */
function tree(name: string, files: Record<string, string>): string {
  const root = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const libraries = (at: string) => ({ [`${at}libtensorflow_cc.so.2`]: '', [`${at}libtensorflow_framework.so.2`]: '' });
const headers = (at: string, version?: string) => ({
  [`${at}include/tensorflow/c/eager/c_api.h`]: '',
  ...(version === undefined ? {} : { [`${at}include/tensorflow/core/public/version.h`]: versionHeader(version) }),
});

function versionHeader(version: string): string {
  const [major, minor, patch] = version.split('.');
  return `#define TF_MAJOR_VERSION ${major}\n#define TF_MINOR_VERSION ${minor}\n#define TF_PATCH_VERSION ${patch}\n`;
}

describe('pnpm tensorflow --library', () => {
  it('takes a Python package, the folder that holds one, and a C distribution', () => {
    const site = tree('site', {
      ...libraries('tensorflow/'),
      ...headers('tensorflow/'),
      'tensorflow_cpu-2.21.0.dist-info/METADATA': '',
    });
    const expected = {
      folder: join(site, 'tensorflow'),
      files: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
      include: join(site, 'tensorflow', 'include'),
      version: '2.21.0',
    };
    expect(findLibrary(site)).toEqual(expected);
    expect(findLibrary(join(site, 'tensorflow'))).toEqual(expected);
    const c = tree('c', {
      'lib/libtensorflow.so.2': '',
      'lib/libtensorflow_framework.so.2': '',
      ...headers('', '2.9.1'),
    });
    expect(findLibrary(c)).toEqual({
      folder: join(c, 'lib'),
      files: ['libtensorflow.so.2', 'libtensorflow_framework.so.2'],
      include: join(c, 'include'),
      version: '2.9.1',
    });
  });

  it('says in a line that a folder holds no library, half of one or an old one', () => {
    const empty = tree('empty', { 'README.md': '' });
    expect(() => findLibrary(empty)).toThrow(
      `tensorflow: expected libtensorflow_cc.so.2 or tensorflow/libtensorflow_cc.so.2 (Python package) or lib/libtensorflow.so.2 (C distribution) in ${empty}; got none of them; get one with: pip download --no-deps tensorflow-cpu, and unpack it`,
    );
    expect(() => findLibrary(join(folder, 'nowhere'))).toThrow('got no such folder');
    expect(() => findLibrary('tensorflow_cpu-2.21.0-cp311.whl')).toThrow(
      'unpack it first (a wheel is a zip: python3 -m zipfile -e tensorflow_cpu-2.21.0-cp311.whl DIR)',
    );
    const half = tree('half', { 'libtensorflow_cc.so.2': '' });
    expect(() => findLibrary(half)).toThrow(
      `tensorflow: expected a whole Python package in ${half}; got none of ${half}/libtensorflow_framework.so.2, ${half}/include/tensorflow/c/eager/c_api.h; unpack or install it again`,
    );
    const old = tree('old', { ...libraries(''), ...headers('', '2.14.1') });
    expect(() => findLibrary(old)).toThrow(
      'tensorflow: expected a Python package of TensorFlow 2.15 or newer; got 2.14.1; take a newer one: pip download --no-deps tensorflow-cpu',
    );
    const older = tree('older', { 'tensorflow/libtensorflow_framework.so.2': '' });
    expect(() => findLibrary(older)).toThrow(
      `tensorflow: expected a Python package of TensorFlow 2.15 or newer; got ${older}/tensorflow without libtensorflow_cc.so.2`,
    );
    expect(['2.9.1', '2.14', '2.15.0', '2.15', '3.0.0'].map((version) => isOlder(version, '2.15'))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('says that there is no compiler', () => {
    expect(() => findCompiler({ PATH: folder })).toThrow(
      'tensorflow: expected a C++ compiler; got none of c++, g++, clang++; install one (Debian: apt install g++) or name it in $CXX',
    );
    expect(() => findCompiler({ PATH: process.env.PATH, CXX: '/no/such/compiler' })).toThrow(
      'got none of /no/such/compiler',
    );
  });

  it('leaves what was linked before when the compiler fails, and says why in a line', () => {
    const compiler = join(
      tree('bin', { fails: '#!/bin/sh\necho "x.cc:1: error: no such header" >&2\nexit 1\n' }),
      'fails',
    );
    spawnSync('chmod', ['+x', compiler]);
    const before = tree('linked', { 'tfjs_binding.node': 'as it was' });
    const library = findLibrary(tree('good', { ...libraries(''), ...headers('', '2.21.0') }));
    expect(() => linkAddon(library, { source: folder, folder: before, compiler })).toThrow(
      `tensorflow: expected to compile the addon; got: x.cc:1: error: no such header; the headers are those of ${library.include}`,
    );
    expect(readFileSync(join(before, 'tfjs_binding.node'), 'utf8')).toBe('as it was');
    expect(existsSync(join(before, 'linked.json'))).toBe(false);
  });
});
