import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { excludeSeenInWords } from '@seqrec/models';
import { describe, expect, it, test } from 'vitest';
import { resolveSequences } from '../../config/load-recipe.ts';
import { protocolDifferences } from '../../run/evaluation/protocol.ts';
import { writeJson } from '../../run/folder/atomic.ts';
import { readRanks, saveRanks } from '../../run/folder/ranks.ts';
import { createRunDir, listRuns, openRunDir } from '../../run/folder/run-dir.ts';
import { shopData, writeShop } from '../../testing/coded-shop.ts';
import { runMain } from '../../testing/run-main.ts';
import { compareRuns, renderComparisons } from './compare-runs.ts';

const definition = [
  'Data: movies, set test, 4 examples.',
  'Queries: one per example, its last event.',
  'Candidates: all 9 items, no sampling.',
  'Items of the (windowed) history are taken out of the candidates; the target never is.',
  'Score: cosine of the encoded history and the item.',
  'Rank: 1 + number of candidates with a higher score; equal scores count behind the target.',
];

interface Made {
  readonly recipe?: string;
  readonly overrides?: readonly (readonly [string, string])[];
  readonly data?: object;
  readonly definition?: readonly string[];
  readonly users?: readonly number[];
}

const out = mkdtempSync(join(tmpdir(), 'seqrec-compare-'));
let made = 0;

/** A run folder as far as `compare` reads it. Returns its id. */
async function folder({
  recipe = 'ml-100k/hstu',
  overrides = [],
  data = {},
  definition: lines = definition,
  users = [0, 1, 2, 3],
}: Made = {}) {
  const { config } = await resolveSequences({
    recipe,
    overrides: overrides.map(([key, text]) => ({ key, text })),
  });
  const run = createRunDir(out, `run-${made++}`, config, new Date(0));
  writeJson(run.config, { recipe, config });
  writeJson(run.data, { digest: 'abc', split: 'leave-last-out', examples: { train: 4, test: 4 }, ...data });
  const ranks = Float64Array.from(users, (user) => 1 + ((user + made) % 4));
  const zeros = new Int32Array(users.length);
  const ties = 'expected' as const;
  const saved = { ranks, tied: zeros, ties, users: Int32Array.from(users), items: zeros, definition: lines };
  await saveRanks(run.ranks, saved, 'best');
  return run.id;
}

const compare = (runs: readonly string[], force = false) =>
  compareRuns({ runs, out, metrics: ['HR@2'], resamples: 100, force, backend: {}, quiet: true });

describe('runs of one protocol', () => {
  test('are compared whatever is no rule of ranking: model, cut-offs, batch, baselines, selection', async () => {
    const [comparison] = await compare([
      await folder(),
      await folder({
        overrides: [
          ['model.numBlocks', '1'],
          ['evaluation.ks', '[10]'],
          ['evaluation.batchSize', '7'],
          ['evaluation.baselines', '[]'],
          ['evaluation.selectBy', 'HR@10'],
          ['optimizer.learningRate', '0.5'],
        ],
        definition: definition.map((line) => line.replace('cosine of the encoded', 'dot product of the encoded')),
      }),
    ]);
    expect(comparison).toMatchObject({ users: 4, protocol: [] });
    expect(renderComparisons([comparison])).not.toContain('Not one protocol');
  });
});

test('ranks that are missing are made again of the checkpoint that the test set saw', async () => {
  writeShop(out);
  const file = join(out, 'last.yaml');
  const small = { embeddingDim: 8, ffnDim: 8, numBlocks: 1, maxSequenceLength: 6 };
  const evaluation = { ks: [5], selectBy: 'NDCG@5', checkpoint: 'last', baselines: [] };
  const config = { extends: 'csv/sasrec', data: shopData(out), model: small, training: { epochs: 2 }, evaluation };
  writeFileSync(file, JSON.stringify(config));
  const { code, errors } = await runMain('train', '--config', file, '--out', out, '--quiet', '--backend', 'cpu');
  expect([code, errors]).toEqual([0, '']);
  const run = openRunDir(out, listRuns(out).find((id) => id.startsWith('last'))!);
  const before = readRanks(run.ranks);
  rmSync(run.ranks);
  await compareRuns({
    ...{ out, metrics: ['HR@5'], quiet: true },
    runs: [run.id, run.id],
    backend: { backend: 'cpu' },
  });
  expect(readRanks(run.ranks).checkpoint).toBe('last');
  expect([...readRanks(run.ranks).ranks]).toEqual([...before.ranks]);
});

test('a cut-off beyond the items of a run, at which all is a hit, is refused', async () => {
  const data = { statistics: { items: 9 } };
  const runs = [await folder({ data }), await folder({ data })];
  const asked = (metrics: readonly string[]) =>
    compareRuns({ runs, out, metrics, resamples: 100, backend: {}, quiet: true });
  await expect(asked(['HR@9'])).resolves.toHaveLength(1);
  await expect(asked(['HR@2', 'NDCG@10'])).rejects.toThrow(
    `--metrics: expected cut-offs of at most 9, the items of ${runs[0]}; got NDCG@10`,
  );
});

test('beyond the beams of a run nothing is compared, and MRR of beams is said to be cut by them', async () => {
  const recipe = 'amazon-beauty/sid-decoder';
  const beams = (count: string) => folder({ recipe, overrides: [['task.beams', count]] });
  const runs = [await beams('10'), await beams('all')];
  const asked = (metrics: readonly string[], of = runs) =>
    compareRuns({ runs: of, out, metrics, resamples: 100, force: true, backend: {}, quiet: true });
  await expect(asked(['HR@10', 'NDCG@11'])).rejects.toThrow(
    `--metrics: expected cut-offs of at most 10, the beams of ${runs[0]}; got NDCG@11`,
  );
  await expect(asked(['HR@11'], runs.toReversed())).rejects.toThrow(`the beams of ${runs[0]}; got HR@11`);
  const cut = `${runs[0]}: targets that 10 beams do not find count 0 in MRR, where a ranking of all items counts 1 / rank.`;
  const compared = await asked(['HR@10', 'MRR']);
  expect(compared[0].remarks).toEqual([cut]);
  expect(renderComparisons(compared)).toContain(cut);
  expect((await asked(['HR@10']))[0].remarks).toEqual([]);
});

const reworded = (line: string, other: string) => ({
  definition: definition.map((each) => (each === line ? other : each)),
});

test('of fewer than six users there is no interval, and it is said why', async () => {
  const few = await compare([await folder(), await folder()]);
  expect(few[0].differences[0]).not.toHaveProperty('low');
  expect(renderComparisons(few)).toContain('4 users: too few for an interval');
  expect(renderComparisons(few)).not.toContain('[');
  const users = [0, 1, 2, 3, 4, 5];
  const enough = await compare([await folder({ users }), await folder({ users })]);
  expect(renderComparisons(enough)).toMatch(/HR@2 .* \[[+-][\d.]+, [+-][\d.]+\] /);
  expect(renderComparisons(enough)).not.toContain('too few');
});

describe('runs that were evaluated otherwise', () => {
  const others: readonly (readonly [string, Made, string])[] = [
    [
      'window',
      { overrides: [['model.maxSequenceLength', '50']] },
      'window (model.maxSequenceLength): 200 in the first, 50 in the second',
    ],
    ['data digest', { data: { digest: 'abd' } }, 'data digest: "abc" in the first, "abd" in the second'],
    ['split', { data: { split: 'train-test' } }, 'split: "leave-last-out" in the first, "train-test" in the second'],
    ['examples', { data: { examples: { test: 5 } } }, 'test examples: 4 in the first, 5 in the second'],
    ['filter', { overrides: [['data.kCore', '5']] }, 'data.kCore: not recorded in the first, 5 in the second'],
    [
      'seen rule',
      { overrides: [['evaluation.excludeSeen', 'false']] },
      'evaluation.excludeSeen: true in the first, false in the second',
    ],
    [
      'positions',
      { overrides: [['evaluation.positions', 'all']] },
      'evaluation.positions: "last" in the first, "all" in the second',
    ],
    [
      'ties',
      { overrides: [['evaluation.ties', 'optimistic']] },
      'evaluation.ties: "expected" in the first, "optimistic" in the second',
    ],
    [
      'query time',
      { overrides: [['evaluation.queryTime', 'last']] },
      'evaluation.queryTime: "target" in the first, "last" in the second',
    ],
    ['tie rule', reworded(definition[5], 'Rank: the mean over all orders of equal scores.'), 'rank and ties:'],
    ['candidates', reworded(definition[2], 'Candidates: the items open at the time.'), 'candidates:'],
    ['seen items', reworded(definition[3], 'Items of the history stay candidates.'), 'seen items:'],
    [
      'all seen items',
      reworded(definition[3], excludeSeenInWords('all')),
      'second: "Items of all events of the user before the query',
    ],
    ['queries', reworded(definition[1], 'Queries: every event.'), 'queries:'],
    ['set', reworded(definition[0], 'Data: books, set test, 4 examples.'), 'evaluated set:'],
  ];
  it.each(others)('%s: refused by name, and told above the table when forced', async (_, other, message) => {
    const runs = [await folder(), await folder(other)];
    const refusal = await compare(runs).catch((error: Error) => error);
    expect(refusal).toMatchObject({ name: 'RunError' });
    const { message: text } = refusal as Error;
    expect(text).toContain('compare: expected runs on the same data under the same protocol; run-');
    expect(text).toContain(message);
    expect(text).toContain('--force compares all the same');
    const forced = await compare(runs, true);
    expect(forced[0].protocol).toHaveLength(1);
    const shown = renderComparisons(forced);
    expect(shown.indexOf('Not one protocol')).toBeLessThan(shown.indexOf('HR@2'));
    expect(shown).toContain(message);
  });

  it('every difference is named, not the first one alone', async () => {
    const other = await folder({ overrides: [['model.maxSequenceLength', '50']], data: { digest: 'abd' } });
    await expect(compare([await folder(), other])).rejects.toThrow(/data digest.*\n.*window/);
  });

  it('other queries cannot be paired, forced or not', async () => {
    const runs = [await folder(), await folder({ users: [0, 1, 2, 4] })];
    await expect(compare(runs, true)).rejects.toThrow('expected runs evaluated on the same queries');
  });
});

it('a setting that this version does not know is compared too', () => {
  const first = new Map([['evaluation.queryTime', 'target']]);
  expect(protocolDifferences(first, new Map())).toEqual([
    { key: 'evaluation.queryTime', first: 'target', second: undefined },
  ]);
});
