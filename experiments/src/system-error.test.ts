import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemMessage } from './system-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-system-'));
function errorOf(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error');
}

test('the words of the operating system get a meaning and something to do', () => {
  const file = join(folder, 'none');
  expect(systemMessage(errorOf(() => readFileSync(file)))).toBe(
    `${file}: expected it to be there; there is none; check the path (ENOENT: no such file or directory, open '${file}')`,
  );
  expect(systemMessage(errorOf(() => writeFileSync(folder, '')))).toContain(
    'it is a folder; name a file in it (EISDIR',
  );
  const refused = Object.assign(new Error('EACCES: permission denied'), {
    code: 'EACCES',
    syscall: 'open',
    path: 'r.html',
  });
  expect(systemMessage(refused)).toMatch(/^r\.html: expected to be allowed to use it; .*name another place \(EACCES/);
});

test('other errors keep their words', () => {
  expect(systemMessage(new Error('x'))).toBeUndefined();
  expect(systemMessage(Object.assign(new Error('x'), { code: 'EOTHER', syscall: 'open' }))).toBeUndefined();
});
