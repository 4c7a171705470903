// `pnpm tensorflow`, with packages made here instead of the one that downloads.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runInstallScript } from '../packages/core/install-tensorflow.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'seqrec-tensorflow-'));

function packageWith(scripts: Record<string, string>): string {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'tfjs-fake', scripts }));
  return folder;
}

describe('pnpm tensorflow', () => {
  afterAll(() => rmSync(folder, { recursive: true }));

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
      'tensorflow: expected the install script of tfjs-fake to end with 0; got 3; its output above says why; it downloads from https://storage.googleapis.com',
    );
    expect(() => runInstallScript(packageWith({}))).toThrow(
      'tensorflow: expected tfjs-fake to have an install script; got none; it may need none',
    );
  });
});
