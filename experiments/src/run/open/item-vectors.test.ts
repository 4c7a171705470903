import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays, readItemVectors } from '@seqrec/data';
import { readCheckpoint } from '@seqrec/models';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DataSummary } from '../../data/data-summary.ts';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { runMain as run } from '../../testing/run-main.ts';
import { openRunDir } from '../folder/run-dir.ts';
import { itemVectorsText } from '../outputs/export-vectors.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-vectors-'));
const out = join(folder, 'runs');
const file = join(folder, 'vectors.csv');
const TABLE = '_embedding_module._item_emb.weight';

const hstu = ['train', ...tinyRecipe, '--quiet', '--epochs', '1', '--evaluation.baselines', '[]', '--out', out];
const pinnerformer = [
  ...hstu.filter((argument) => !/^--model\.(dqk|dv|linearDropout)/.test(argument)),
  '--model.kind',
  'pinnerformer',
  '--model.modelDim',
  '16',
  '--model.time',
  'false',
];
const given = ['--itemVectors.path', file, '--model.itemDim', '32', '--model.freezeItems', 'true'];
const runs = () => readdirSync(out);
const tableOf = async (run: string) => [...(await readCheckpoint(openRunDir(out, run).last)).parameters[TABLE].data];

test('vectors are written so that they are read back, whatever the ids', async () => {
  const { items } = interactionsFromArrays({ name: 'x', users: [1, 1], items: ['a,"b', '7'], timestamps: [1, 2] });
  const values = Float32Array.of(9, 9, Math.fround(0.1), -1e-8, 16777217, Math.fround(1 / 3));
  const path = join(mkdtempSync(join(tmpdir(), 'seqrec-')), 'x.csv');
  writeFileSync(path, itemVectorsText(values, 2, items));
  const read = await readItemVectors(path, { items });
  expect(Array.from(read.items, (item, v) => [...read.values.subarray(2 * v, 2 * v + 2), item])).toEqual(
    [1, 2].map((item) => [...values.subarray(2 * item, 2 * item + 2), item]),
  );
});

describe('from one run to the next', () => {
  let first = '';
  beforeAll(async () => {
    expect(await run(...hstu)).toMatchObject({ code: 0 });
    [first] = runs();
    expect(await run('vectors', 'latest', '--out', out, '--to', file)).toMatchObject({ code: 0 });
  });

  test('frozen, they are what the run ends with, at the size of initial values; the run goes on without the file', async () => {
    const done = await run(...pinnerformer, ...given);
    expect(done, done.errors).toMatchObject({ code: 0 });
    const second = runs().find((id) => id !== first)!;
    const vectors = JSON.parse(readFileSync(openRunDir(out, second).data, 'utf8')) as DataSummary;
    expect(vectors.itemVectors).toMatchObject({ path: file, width: 32, items: 300, missing: 0, unknown: 0 });
    const table = await tableOf(second);
    // Unit vectors, over the square root of the width.
    const lines = readFileSync(file, 'utf8').split('\n').slice(1, 301);
    const expected = lines.flatMap((line) => line.split(',').slice(1)).map((x) => Number(x) / Math.sqrt(32));
    for (const [i, value] of expected.entries()) expect(table[32 + i]).toBeCloseTo(value, 5);

    const text = readFileSync(file, 'utf8');
    rmSync(file);
    const more = await run('train', '--resume', second, '--out', out, '--quiet', '--epochs', '2');
    expect(more, more.errors).toMatchObject({ code: 0 });
    expect(await tableOf(second)).toEqual(table);
    expect((JSON.parse(readFileSync(openRunDir(out, second).data, 'utf8')) as DataSummary).itemVectors).toEqual(
      vectors.itemVectors,
    );
    // Without a checkpoint the run starts from the file again, and only from the same one.
    rmSync(openRunDir(out, second).last);
    writeFileSync(file, text.replace(/\n1,[^,]+/, '\n1,0.5'));
    const other = await run('train', '--resume', second, '--out', out, '--quiet', '--epochs', '2');
    expect(other.errors).toMatch(
      /item vectors: expected those of .*vectors\.csv when the run began, \w{12}; got others/,
    );
    writeFileSync(file, text);
  });

  test.each([
    [
      [...pinnerformer, ...given, '--model.itemDim', '8'],
      /itemVectors\.path: expected vectors of 8 numbers, the width of the model's item table; got 32 in .*; set --model\.itemDim 32/,
    ],
    [
      [...hstu, '--itemVectors.path', file, '--model.embeddingDim', '16'],
      /expected vectors of 16 numbers, .*set --model\.embeddingDim 32/,
    ],
    [[...pinnerformer, ...given, '--data.items', '301'], /vectors\.csv: expected a vector for each of the 301 items/],
    [
      [...pinnerformer, '--itemVectors.path', join(folder, 'none.csv')],
      /none\.csv: expected a file, zip or folder.*; a run reads its data where they were when it was trained/,
    ],
    [[...pinnerformer, '--itemVectors.missing', 'random'], /itemVectors\.path: expected a string; got nothing/],
  ])('%# is refused, and no run begins', async (argv, message) => {
    const before = runs();
    const { code, errors } = await run(...argv);
    expect(errors).toMatch(message);
    expect(errors).not.toContain('    at ');
    expect(code).not.toBe(0);
    expect(runs()).toEqual(before);
  });
});
