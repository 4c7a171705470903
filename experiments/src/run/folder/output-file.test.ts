import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

it('what a run is read from is not replaced, and nothing is put beside its checkpoints', () => {
  const run = join('out', 'run-1');
  mkdirSync(join(folder, run, 'checkpoints'), { recursive: true });
  writeFileSync(join(folder, run, 'config.json'), '{}');
  for (const name of ['checkpoints/best.safetensors', 'ids.safetensors', 'item.safetensors'])
    writeFileSync(join(folder, run, name), '');
  symlinkSync(join(folder, run), join(folder, 'link'));
  for (const place of [run, 'link']) {
    for (const name of ['checkpoints/best.safetensors', 'checkpoints/new.safetensors', 'ids.safetensors'])
      expect(check(join(place, name))).toThrow('; a run keeps its own there, name another place');
    for (const name of ['item.safetensors', 'new.safetensors', 'user-vectors.safetensors']) check(join(place, name))();
  }
  mkdirSync(join(folder, 'checkpoints'));
  check('checkpoints/of-no-run.safetensors')();
});
