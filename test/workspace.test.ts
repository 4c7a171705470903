import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Whether a line is a comment, or ends in one. Quotes are not told apart: a text may hold two slashes. */
function hasComment(line: string): boolean {
  return /^\s*(\/\/|\/\*|\*|#)/.test(line) || (/\s\/\/\s/.test(line) && !/['"`]/.test(line));
}

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

  it.skipIf(!existsSync(`${root}/.git`))('has comments of at most 120 columns', () => {
    const files = execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.py'], { cwd: root, encoding: 'utf8' }).trim();
    const long = files.split('\n').flatMap((file) => {
      // A file that was removed is still in the list until its removal is staged.
      const lines = existsSync(`${root}/${file}`) ? readFileSync(`${root}/${file}`, 'utf8').split('\n') : [];
      return lines.flatMap((line, i) => (line.length > 120 && hasComment(line) ? [`${file}:${i + 1}: ${line}`] : []));
    });
    expect(long).toEqual([]);
    expect([' // x', ' * x', '/** x */', '# x', 'a(); // x'].every(hasComment)).toBe(true);
    expect(['a * b', "  'http://x // y',", '`// x`'].some(hasComment)).toBe(false);
  });
});
