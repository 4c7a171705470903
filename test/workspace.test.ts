import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('workspace', () => {
  it('runs on the Node that it pins, whatever the machine has', () => {
    const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    expect(process.version).toBe(`v${manifest.devDependencies.node}`);
  });

  it('keeps one copy of tfjs-core: two would be two kernel registries', () => {
    const lock = readFileSync(`${root}/pnpm-lock.yaml`, 'utf8');
    const versions = new Set(Array.from(lock.matchAll(/@tensorflow\/tfjs-core@(\d+\.\d+\.\d+)/g), (match) => match[1]));
    expect([...versions]).toEqual(['4.22.0']);
  });

  // A source archive without git has no list of tracked files.
  it.skipIf(!existsSync(`${root}/.git`))('has no data file of a licensed data set in it', () => {
    const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n');
    expect(files.filter((file) => /(ratings\.(dat|csv)|u\.data|\.zip|\.gz)$/.test(file))).toEqual([]);
  });
});
