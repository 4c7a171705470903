import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderListing } from '../../../terminal/listing.ts';
import { codedShop, writeShop } from '../../../testing/coded-shop.ts';
import { runMain } from '../../../testing/run-main.ts';
import { benchGenerate, type GenerateBench, listGenerateBench } from './generate.ts';
import { writeCodesDecoding } from './peer-input.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-bench-generate-'));
beforeAll(() => writeShop(folder));
afterAll(() => rmSync(folder, { recursive: true }));

const request = () => ({
  ...{ recipe: 'csv/sasrec', backend: { backend: 'simd' }, quiet: true, beams: [2, 3], users: 40, rounds: 1 },
  overrides: Object.entries(codedShop(folder)).map(([key, value]) => ({ key, text: JSON.stringify(value) })),
});

it('times beams over the codes of a recipe, and says which peer it has not', async () => {
  const bench = await benchGenerate({ ...request(), peers: ['best', 'transformers'] });
  expect(bench.rows.map(({ beams, seqrec }) => [beams, seqrec.length])).toEqual([
    [2, 1],
    [3, 1],
  ]);
  const text = renderListing(listGenerateBench(bench));
  expect(text).toMatch(/beams {2}users\/s\n-+ {2}-+\n2 +\d+\n3 +\d+\n/);
  expect(text).toContain('\nPyTorch: the program has transformer with');
  expect(text).toContain('\ngenerate of PyTorch: the program has transformer with');
});

it('says that popularity is taken off, where a run would take it off', async () => {
  const { overrides, ...asked } = request();
  const debias = { key: 'task.debias', text: '0.5' };
  const bench = await benchGenerate({ ...asked, overrides: [...overrides, debias], beams: [2], peers: ['best'] });
  expect(renderListing(listGenerateBench(bench))).toMatch(/\n +popularity taken off +0.5 of its logarithm\n/);
});

it('says where codes that no item has are left out, and tells peers', async () => {
  const { overrides, ...asked } = request();
  const mask = { key: 'task.mask', text: 'before' };
  const bench = await benchGenerate({ ...asked, overrides: [...overrides, mask], beams: [2], peers: [] });
  expect(renderListing(listGenerateBench(bench))).toMatch(/\n +mask +before the softmax\n/);
  const codes = { count: 2, sizes: [3], values: Int32Array.of(0, 2) };
  const input = writeCodesDecoding({ kind: 't5' }, codes, { histories: [[1]], batchSize: 1, mask: 'before' });
  expect(JSON.parse(readFileSync(input.file, 'utf8'))).toMatchObject({ mask: 'before', trie: [[0, -1, 1]] });
  input.remove();
});

it('refuses a peer that it does not know, and more users than there are', async () => {
  const { errors } = await runMain('bench', 'generate', '--peer', 'compile');
  expect(errors).toContain('--peer: expected one of best, transformers, all; got "compile"');
  await expect(benchGenerate({ ...request(), users: 41, peers: [] })).rejects.toThrow('--users: expected at most 40');
});

it('says of each peer how many times as long it takes', () => {
  const bench: GenerateBench = {
    ...{ recipe: 'some', environment: { cpu: 'one', node: 'v24' } as GenerateBench['environment'] },
    ...{ threads: 2, rounds: 3, users: 100, batchSize: 50, codes: 900, sizes: [8, 8], parameters: 1234 },
    rows: [
      { beams: 10, seqrec: [2, 1, 0.5], peers: { best: [2, 2.5, 3], transformers: [20] } },
      { beams: 30, seqrec: [4], peers: { best: [6] } },
    ],
    versions: { best: '2.15', transformers: '2.15, transformers 5' },
    missing: { transformers: 'transformers failed: memory' },
  };
  const text = renderListing(listGenerateBench(bench));
  expect(text).toMatch(/10 +100 +40 +2\.5 +5 +20\.0\n30 +25 +17 +1\.5 +- +-\n/);
  expect(text).toContain('generate of PyTorch: transformers failed: memory');
});
