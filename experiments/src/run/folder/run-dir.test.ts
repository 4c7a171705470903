import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readJson, writeFileAtomic, writeJson } from './atomic.ts';
import { describeEnvironment } from './environment.ts';
import { createRunDir, listRuns, openRunDir, removeTemporaries } from './run-dir.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'seqrec-runs-'));
const when = new Date('2025-01-02T03:04:05Z');

test('an id is recipe, date, time and a hash of the configuration', () => {
  const out = folder();
  const first = createRunDir(out, 'ml-1m/hstu', { seed: 1 }, when);
  expect(first.id).toMatch(/^ml-1m-hstu-20250102-030405-[0-9a-f]{6}$/);
  expect(createRunDir(out, 'ml-1m/hstu', { seed: 2 }, when).id).not.toBe(first.id);
  expect(createRunDir(out, 'ml-1m/hstu', { seed: 1 }, when).id).toBe(`${first.id}-2`);
  // No folder that a listing hides.
  expect(createRunDir(out, '../.own', { seed: 1 }, when).id).toMatch(/^own-20250102/);
});

test('a file of which the disk takes a part alone is an error, and the old one stays', () => {
  const file = join(folder(), 'a.json');
  writeFileAtomic(file, 'old');
  // Blocks of 512 or 1,024 bytes: a file of at most 8 of them.
  const program = `const { writeFileAtomic } = await import(${JSON.stringify(new URL('./atomic.ts', import.meta.url).href)});
    process.on('SIGXFSZ', () => {});
    writeFileAtomic(${JSON.stringify(file)}, 'x'.repeat(20_000));`;
  const node = [process.execPath, '--conditions=@seqrec/source', '--input-type=module', '-e', program];
  const { status, stderr } = spawnSync('sh', ['-c', 'ulimit -f 8; exec "$@"', 'sh', ...node], { encoding: 'utf8' });
  expect(stderr).toContain('EFBIG');
  expect(status).not.toBe(0);
  expect(readFileSync(file, 'utf8')).toBe('old');
  expect(readdirSync(dirname(file))).toEqual(['a.json']);
});

test('a file that cannot take its place leaves nothing beside it', () => {
  const out = folder();
  mkdirSync(join(out, 'taken'));
  expect(() => writeFileAtomic(join(out, 'taken'), 'text')).toThrow(join(out, 'taken'));
  expect(readdirSync(out)).toEqual(['taken']);
});

test('a run is found by path, id, beginning or as the latest', () => {
  const out = folder();
  const ids = ['a-1', 'a-2', 'b-1'].map((id, i) => {
    mkdirSync(join(out, id));
    writeJson(join(out, id, 'config.json'), {});
    utimesSync(join(out, id, 'config.json'), 1000 + i, id === 'a-2' ? 9000 : 1000 + i);
    return id;
  });
  expect(listRuns(out)).toEqual(ids);
  expect(openRunDir(out, 'b').id).toBe('b-1');
  expect(openRunDir(out, 'a-1').id).toBe('a-1');
  expect(openRunDir('elsewhere', join(out, 'a-1')).path).toBe(join(out, 'a-1'));
  expect(openRunDir(out, 'latest').id).toBe('a-2');
  expect(() => openRunDir(out, 'a')).toThrow('run "a": expected one run; 2 begin so: a-1, a-2');
  expect(() => openRunDir(out, 'b-2')).toThrow('did you mean');
  expect(() => openRunDir(folder(), 'latest')).toThrow('there is none');
});

test('files are replaced as a whole, and damaged ones are named', () => {
  const out = folder();
  const file = join(out, 'x.json');
  writeFileAtomic(file, 'one');
  writeFileAtomic(file, '{"two"');
  expect(readdirSync(out)).toEqual(['x.json']);
  expect(() => readJson(file)).toThrow(`${file}: not valid JSON`);
  expect(() => readJson(join(out, 'y.json'))).toThrow('y.json: expected a file of a run folder');
});

test('what a killed process was writing is removed', () => {
  const run = createRunDir(folder(), 'x', {}, when);
  writeFileSync(join(run.path, 'config.json.123.tmp'), '');
  writeFileSync(join(run.path, 'checkpoints', '.last.safetensors.123.tmp'), '');
  writeFileSync(run.last, '');
  removeTemporaries(run);
  expect(readdirSync(run.path)).toEqual(['checkpoints']);
  expect(readdirSync(join(run.path, 'checkpoints'))).toEqual(['last.safetensors']);
});

test('the environment names versions and the machine', () => {
  const environment = describeEnvironment({ name: 'cpu' });
  expect(environment.node).toBe(process.version);
  expect(environment.packages['@tensorflow/tfjs-core']).toBe('4.22.0');
  expect(environment.packages['@seqrec/core']).toMatch(/^\d/);
  expect(environment.cores).toBeGreaterThan(0);
});
