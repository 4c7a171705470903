import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { integers, streamKey } from '@seqrec/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { runMain as run } from '../../testing/run-main.ts';
import { readJson, writeJson } from '../folder/atomic.ts';
import { readRanks } from '../folder/ranks.ts';
import type { RunResults } from '../folder/results.ts';
import { openRunDir } from '../folder/run-dir.ts';
import { readTensorBoard } from '../folder/tensorboard-reader.ts';
import { savedConfig } from '../open/resume.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-evaluation-'));
const file = join(folder, 'events.csv');

/** Forty users of eight events, an hour to ten days apart; ids are not numbers. */
function events(): string {
  const lines = ['who,what,when,mood'];
  for (let user = 0; user < 40; user++) {
    const draws = integers(streamKey(1, 'events'), user, 16, 0, 240);
    let time = 1_600_000_000;
    for (let e = 0; e < 8; e++) {
      time += 3600 * (1 + draws[e]);
      lines.push(`user-${user},item-${(user + 3 * e + (draws[8 + e] % 3)) % 30},${time},${draws[e] % 4}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const options = (out: string) => [
  ...['train', 'csv/hstu', '--data.path', file, '--data.columns.user', 'who', '--data.columns.item', 'what'],
  ...[
    '--data.columns.time',
    'when',
    '--model.maxSequenceLength',
    '8',
    '--model.embeddingDim',
    '16',
    '--model.dqk',
    '8',
  ],
  ...['--model.dv', '8', '--training.batchSize', '8', '--evaluation.ks', '[5]', '--evaluation.selectBy', 'NDCG@5'],
  ...['--objective.numNegatives', '8', '--epochs', '1', '--backend', 'simd', '--out', join(folder, out)],
];

beforeAll(() => writeFileSync(file, events()));

test.each([
  ['evaluation.selectBy', []],
  ['optimizer.schedule.metric', ['--optimizer.schedule.kind', 'plateau']],
])('%s is a metric that evaluations have, or nothing trains', async (key, further) => {
  const { code, errors } = await run(...options('none'), ...further, `--${key}`, 'HR@7');
  expect(code).toBe(2);
  expect(errors).toContain(`${key}: expected one of HR@5, NDCG@5, `);
  expect(readdirSync(folder)).not.toContain('none');
});

describe('a run', () => {
  const out = join(folder, 'runs');
  const evaluated = async (...more: string[]) => {
    const { code, output, errors } = await run('evaluate', 'latest', '--out', out, '--json', '--quiet', ...more);
    expect(code, errors).toBe(0);
    return JSON.parse(output) as { metrics: Record<string, number>; warnings: string[]; definition: string[] };
  };
  let printed = '';
  beforeAll(async () => {
    const { code, output, errors } = await run(...options('runs'));
    expect(code, errors).toBe(0);
    printed = output;
  }, 60_000);

  test('is asked by the checkpoint that it was tested with', async () => {
    const { final } = readJson(openRunDir(out, 'latest').results) as RunResults;
    expect(final?.checkpoint).toBe('best');
    for (const option of [[], ['--cached']]) expect(await evaluated(...option)).toMatchObject({ checkpoint: 'best' });
    expect(await evaluated('--checkpoint', 'last')).toMatchObject({ checkpoint: 'last' });
  });

  test('tells the ties of popularity in the terminal, the results and the report', () => {
    const dir = openRunDir(out, 'latest');
    const { baselines, definitions } = readJson(dir.results) as RunResults;
    const popularity = baselines.find(({ name, split }) => name === 'popularity' && split === 'test');
    expect(popularity?.warnings?.[0]).toMatch(
      /^ties: \d+ of 40 targets \(\d+\.\d %\) have exactly the score of another/,
    );
    const line = `popularity on test: ${popularity?.warnings?.[0]}.`;
    expect(printed).toContain(line);
    expect(readFileSync(dir.report, 'utf8')).toContain(line);
    expect(definitions).toContainEqual(expect.stringMatching(/^Time of a query.* \(queryTime target\)/));
    expect(definitions).toContainEqual(expect.stringMatching(/^Rank: .* mean over all orders of the candidates/));
  });

  test('has the figures of the end in TensorBoard, with intervals and the number of parameters in its results', () => {
    const dir = openRunDir(out, 'latest');
    const { final, baselines, parameters } = readJson(dir.results) as RunResults;
    const names = readdirSync(dir.path).filter((name) => name.startsWith('events.out.tfevents'));
    const scalars = Object.assign(
      {},
      ...names.flatMap((name) => readTensorBoard(readFileSync(join(dir.path, name))).map((event) => event.scalars)),
    ) as Record<string, number>;
    expect(scalars['test/MRR']).toBeCloseTo(final?.metrics.MRR ?? Number.NaN, 6);
    for (const { name, split, metrics } of baselines)
      expect(scalars[`baseline-${name}/${split}/HR@5`], name).toBeCloseTo(metrics['HR@5'], 6);
    const [low, high] = final?.intervals?.['HR@5'] ?? [];
    expect(low).toBeLessThanOrEqual(final?.metrics['HR@5'] as number);
    expect(high).toBeGreaterThanOrEqual(final?.metrics['HR@5'] as number);
    // 31 rows of items and the places of 16 columns, the blocks besides.
    expect(parameters?.total).toBeGreaterThan((parameters?.encoder ?? 0) + 31 * 16);
  });

  test('keeps ranks with their ties, and the ids that its numbers stand for', () => {
    const dir = openRunDir(out, 'latest');
    const { ranks, tied, ties, users } = readRanks(dir.ranks);
    expect([ranks.length, tied.length, ties]).toEqual([40, 40, 'expected']);
    const ids = readFileSync(dir.userIds, 'utf8').trimEnd().split('\n');
    expect(new Set([...users].map((user) => JSON.parse(ids[user]).id)).size).toBe(40);
    expect(ids[users[0]]).toBe(`{"user":${users[0]},"id":"user-0"}`);
    expect(readFileSync(dir.itemIds, 'utf8')).toContain('"id":"item-29"}');
  });

  test('is measured again by other rules of ties, time and positions', async () => {
    const own = await evaluated();
    expect(own.definition).toEqual((readJson(openRunDir(out, 'latest').results) as RunResults).definitions);
    const last = await evaluated('--evaluation.queryTime', 'last', '--evaluation.ties', 'pessimistic');
    expect(last.definition).toContainEqual(expect.stringMatching(/^Time of a query.* \(queryTime last\)\.$/));
    expect(last.definition).toContainEqual(expect.stringMatching(/equal scores count before the target\.$/));
    expect(last.metrics.MRR).not.toBe(own.metrics.MRR);
    // Training and validation have read all but the last event: nothing of it is counted as test.
    const all = await evaluated('--evaluation.positions', 'all');
    expect(all.metrics).toEqual(own.metrics);
    expect(all.definition[1]).toMatch(/ before it, but 2\d\d that training or the choice of a checkpoint has read\.$/);
    const wrong = await run('evaluate', 'latest', '--out', out, '--model.numBlocks', '3');
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.errors).toContain('--model.numBlocks: expected one of --evaluation.ks,');
    const rule = await run('evaluate', 'latest', '--out', out, '--evaluation.ties', 'first');
    expect(rule.errors).toContain(
      '--evaluation.ties: expected one of "expected", "optimistic", "pessimistic"; got the text',
    );
    const future = await run('evaluate', 'latest', '--out', out, '--future', '7', '--evaluation.ties', 'optimistic');
    expect(future.errors).toContain('--evaluation.ties: expected it without --future, which does not read it');
    for (const [apart, said] of [
      [['--future', '7', '--actions', '4'], '--future: expected one of '],
      [['--actions', '4', '--windows'], '--actions: expected one of '],
      [['--actions', '4', '--include-seen'], '--include-seen: expected it without --actions, which ranks no items'],
      [['--actions', '4', '--evaluation.excludeSeen', 'false'], '--evaluation.excludeSeen: expected it without '],
      [['--windows', '--baselines', 'ease'], '--baselines: expected it without --windows, which does not read it'],
      [['--actions', '4', '--baselines', 'ease'], '--baselines: expected it without --actions, which does not read it'],
      [['--windows', '--split', 'validation'], '--split: expected test with --windows, whose sets are of the test set'],
    ] as const)
      expect((await run('evaluate', 'latest', '--out', out, ...apart)).errors).toContain(said);
  });

  test('has baselines of other settings beside it, not those that are kept of the training', async () => {
    const { baselines } = readJson(openRunDir(out, 'latest').results) as RunResults;
    const asked = async (...more: string[]) => {
      const { definition } = await evaluated('--baselines', 'item-knn,ease', ...more);
      return definition.filter((line) => line.startsWith('Baseline ')).join('\n');
    };
    expect(baselines.some(({ name, split }) => name === 'ease' && split === 'test')).toBe(true);
    expect(await asked()).toMatch(/EASE weights, lambda 500\. A target/);
    expect(await asked('--evaluation.ease.lambda', '5')).toMatch(/EASE weights, lambda 5\. A target/);
    // More memory changes no score.
    expect(await asked('--evaluation.ease.maxMemory', '4096')).toBe(await asked());
    const whole = await asked('--evaluation.baselineHistory', 'all');
    const apart = await run('evaluate', 'latest', '--out', out, '--cached', '--evaluation.ease.lambda', '5');
    expect(apart.errors).toContain('--evaluation.ease.lambda: expected it without --cached, which does not read it');
    expect(whole.match(/It reads all events of the user before the query\./g)).toHaveLength(2);
  });

  test('from before there were rules to choose is one of optimistic ties', async () => {
    const dir = openRunDir(out, 'latest');
    const saved = readJson(dir.config) as { config: { evaluation: Record<string, unknown> } };
    const { ties: _, queryTime: __, ...evaluation } = saved.config.evaluation;
    writeJson(dir.config, { ...saved, config: { ...saved.config, evaluation } });
    expect(savedConfig(dir).config.evaluation).toMatchObject({ ties: 'optimistic', queryTime: 'target' });
    const { definition } = await evaluated();
    expect(definition).toContainEqual(expect.stringMatching(/equal scores count behind the target\.$/));
    writeJson(dir.config, saved);
  });
});

test('a window of the future is ranked by what the run leaves out, or by what is asked for', async () => {
  const byTime = ['--data.split', '{"kind":"global-time","target":"successive"}', '--evaluation.baselines', '[]'];
  const trained = await run(...options('future'), ...byTime, '--evaluation.excludeSeen', 'false');
  expect(trained.code, trained.errors).toBe(0);
  const out = join(folder, 'future');
  const evaluated = (...more: string[]) => run('evaluate', 'latest', '--out', out, '--quiet', ...more);
  const candidates = async (...more: string[]) => {
    const { output, errors } = await evaluated('--future', '7', '--json', ...more);
    expect(errors).toBe('');
    const { cadences } = JSON.parse(output) as { cadences: { once: { definition: string[] } } };
    return cadences.once.definition.find((line) => line.startsWith('Candidates'));
  };
  expect(await candidates()).toBe('Candidates: all 29 items.');
  expect(await candidates('--include-seen')).toBe('Candidates: all 29 items.');
  expect(await candidates('--evaluation.excludeSeen', 'true')).toContain('without those of the history');
  const weights = ['evaluate', 'csv/hstu', '--from', openRunDir(out, 'latest').last, '--data.path', file];
  const { errors } = await run(...weights, '--future', '7', '--evaluation.ties', 'optimistic');
  expect(errors).toContain('--evaluation.ties: expected it without --future');
  // Each event after the cut is the target of an example, and would be asked for by all that come after it.
  const twice = await evaluated('--evaluation.positions', 'all');
  expect(twice).toMatchObject({ code: 2 });
  expect(twice.errors).toContain('evaluation.positions: expected last, a query a target, with data.split.target succ');
}, 60_000);

test('figures of the set that chose the checkpoint say so, printed and as JSON', async () => {
  const split = ['--data.split', 'train-test', '--evaluation.baselines', '[]'];
  const trained = await run(...options('flattered'), ...split);
  expect(trained.code, trained.errors).toBe(0);
  const said = async (...more: string[]) =>
    (await run('evaluate', 'latest', '--out', join(folder, 'flattered'), '--quiet', ...more)).output;
  const warned = 'This checkpoint was chosen by this very set: the figures flatter it';
  const best = ['--checkpoint', 'best'];
  const warnings = async (...more: string[]) =>
    (JSON.parse(await said('--json', ...more)) as { warnings: string[] }).warnings.join();
  expect(await said(...best)).toContain(warned);
  expect(await warnings(...best)).toContain(warned);
  expect(await said('--cached', ...best)).toContain(warned);
  expect(await warnings('--cached', ...best)).toContain(warned);
  // Unasked it is the checkpoint that the run was tested with: the last, where nothing validates.
  for (const option of [[], ['--cached']]) {
    const plain = await said('--json', ...option);
    expect(JSON.parse(plain)).toMatchObject({ checkpoint: 'last' });
    expect(plain).not.toContain('flatter');
  }
}, 60_000);

test.each([
  ['--windows', ['--data.heldOut.share', '0.3'], []],
  ['--actions', ['--data.columns.rating', 'mood', '--model.actions', 'interleave', '--data.minRating', '1'], ['2']],
  ['--future', ['--data.split', 'time', '--data.split.quantile', '0.9', '--data.split.validation', 'none'], ['1']],
] as const)(
  'and so do those of %s',
  async (option, further, value) => {
    const out = `flattered${option}`;
    const trained = await run(
      ...options(out),
      '--data.split',
      'train-test',
      '--evaluation.baselines',
      '[]',
      ...further,
    );
    expect(trained.code, trained.errors).toBe(0);
    const said = async (...more: string[]) => {
      const asked = ['evaluate', 'latest', '--out', join(folder, out), '--quiet', option, ...value];
      const { code, errors, output } = await run(...asked, ...more);
      expect(code, errors).toBe(0);
      return output;
    };
    const warned = 'This checkpoint was chosen by this very set: the figures flatter it';
    const best = ['--checkpoint', 'best'];
    expect(await said(...best)).toContain(warned);
    expect((JSON.parse(await said('--json', ...best)) as { warnings: string[] }).warnings.join()).toContain(warned);
    expect(await said('--json')).not.toContain('flatter');
    // Weights from a file are neither the best checkpoint nor the last.
    const { last } = openRunDir(join(folder, out), 'latest');
    expect(JSON.parse(await said('--json', '--from', last))).not.toHaveProperty('checkpoint');
  },
  60_000,
);

test.each([
  ['of the same time', ['--evaluation.queryTime', 'last']],
  ['less what the same events have', ['--model.maxSequenceLength', '3']],
  ['after the same columns', ['--data.columns.mood', 'id', '--model.features', '["mood"]']],
])('the sample lists of a report are %s as the ranks beside them', async (what, further) => {
  const out = `lists ${what}`;
  const early = [...options(out), '--evaluation.baselines', '[]', ...further];
  // Of thirty items ten are listed: a rate at which the times matter after one epoch.
  expect(await run(...early, '--optimizer.learningRate', '0.05')).toMatchObject({ code: 0 });
  const { samples } = readJson(openRunDir(join(folder, out), 'latest').results) as RunResults;
  expect(samples).toHaveLength(5);
  // What lies before the window is left out of no rank: it may be listed.
  const had = (user: string, item: string) => events().includes(`\n${user},${item},`);
  const again = samples.filter(({ user, target, recommendations }) =>
    recommendations.some(({ item }) => item !== target?.item && had(user, item)),
  );
  expect(again.length > 0).toBe(further.includes('--model.maxSequenceLength'));
  for (const { recommendations, target } of samples) {
    const place = recommendations.findIndex(({ item }) => item === target?.item) + 1;
    if (target!.rank <= 10) expect(place).toBe(target!.rank);
    else expect(place).toBe(0);
  }
});

test.each(['expected', 'optimistic'])('a collapsed model is an error under %s, and never the best', async (ties) => {
  const out = `collapsed-${ties}`;
  const { code, errors } = await run(...options(out), '--optimizer.learningRate', '1e20', '--evaluation.ties', ties);
  expect(code).toBe(1);
  expect(errors).toContain('one and the same score for all candidates of every query; the model has collapsed');
  expect(readdirSync(join(openRunDir(join(folder, out), 'latest').path, 'checkpoints'))).toEqual([]);
});
