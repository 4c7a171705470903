import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkOutputFile } from './output-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-output-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const check = (name: string) => () => checkOutputFile('--to', join(folder, name), '.safetensors');

it('a new file, in a new folder too, and one of the same kind may be written', () => {
  writeFileSync(join(folder, 'old.safetensors'), '');
  for (const name of ['new.safetensors', 'new', 'deep/er/new.safetensors', 'old.safetensors']) check(name)();
  expect(existsSync(join(folder, 'deep'))).toBe(false);
});

it('what is there and of another kind is not replaced', () => {
  writeFileSync(join(folder, 'events.csv'), 'user,item\n');
  mkdirSync(join(folder, 'runs'));
  expect(check('events.csv')).toThrow(
    /^--to: expected a file that can be written; got .*events\.csv; it is there, and only/,
  );
  expect(check('runs')).toThrow('it is a folder, name a file in it');
  expect(check('events.csv/weights.safetensors')).toThrow('is not a folder');
});
