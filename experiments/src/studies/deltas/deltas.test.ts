import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type ExampleSet, type Interactions, interactionsFromArrays } from '@seqrec/data';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../config/load-recipe.ts';
import { writeJson } from '../../run/folder/atomic.ts';
import { describeEnvironment } from '../../run/folder/environment.ts';
import type { Recorded } from '../../run/verdict/bootstrap.ts';
import { renderListing } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { runMain } from '../../testing/run-main.ts';
import { StudyDir } from '../study/study.ts';
import { defineReplay } from './replay.ts';
import { finishReplay } from './report.ts';
import { runReplay } from './run-replay.ts';
import { slicesByTime } from './slices.ts';
import { summarise } from './summary.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `[user, time]` of events, whose items follow each other. */
function world(events: readonly (readonly [user: number, time: number])[], items = 20): Interactions {
  const sorted = [...events].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return interactionsFromArrays({
    name: 'world',
    users: sorted.map(([user]) => user),
    items: sorted.map(([user, time], i) => 1 + ((3 * i + user + Math.floor(time / 40)) % items)),
    timestamps: sorted.map(([, time]) => time),
    catalogue: Array.from({ length: items }, (_, i) => ({ item: i + 1 })),
  });
}

const pairsOf = ({ users, targets }: ExampleSet): string[] => Array.from(users, (user, e) => `${user}:${targets[e]}`);

describe('slices by time', () => {
  it('part the events, train on what is past alone, and rank what comes next', () => {
    const events = fc.array(fc.tuple(fc.nat(3), fc.nat(60)), { minLength: 30, maxLength: 60 });
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }), (rows, periods, slices) => {
        const i = world(rows);
        const shape = { base: 0.5, periods, slices, queries: 1000 };
        let cut: ReturnType<typeof slicesByTime>;
        try {
          cut = slicesByTime(i, shape);
        } catch (error) {
          expect((error as Error).message).toContain('replay: expected users with two events in every part; got none');
          return;
        }
        let before = Number.NEGATIVE_INFINITY;
        const ranked: string[] = [];
        for (const { train, queries } of [{ train: cut.base, queries: undefined }, ...cut.slices]) {
          const times = Array.from(train.targets, (target) => i.timestamps[target]);
          if (queries !== undefined) {
            const asked = Array.from(queries.targets, (target) => i.timestamps[target]);
            // Nothing that is trained on before has happened after what is ranked.
            expect(Math.min(...asked)).toBeGreaterThan(before);
            expect(Math.min(...times)).toBeGreaterThan(before);
            // The last event of each user in the slice closes its training history.
            for (const pair of pairsOf(train)) expect(pairsOf(queries)).toContain(pair);
            ranked.push(...pairsOf(queries));
            for (const [e, user] of queries.users.entries()) expect(queries.starts[e]).toBe(i.userOffsets[user]);
          }
          before = Math.max(before, ...times);
        }
        expect(new Set(ranked).size).toBe(ranked.length);
      }),
    );
  });

  it('take at most so many queries, evenly', () => {
    const i = world(Array.from({ length: 200 }, (_, time) => [time % 4, time] as const));
    const { slices, base } = slicesByTime(i, { base: 0.5, periods: 2, slices: 2, queries: 10 });
    expect(base.users.length).toBe(4);
    expect(slices.map(({ events, queries }) => [events, queries.targets.length])).toEqual(new Array(4).fill([25, 10]));
  });
});

const replay = defineReplay({
  title: 'A small replay',
  source: 'none',
  notes: ['Made up.'],
  recipe: 'ml-1m/hstu',
  base: 0.5,
  periods: 2,
  slices: 2,
  epochs: { base: 2, slice: 1 },
  queries: 20,
  frozen: 'frozen',
  freshest: 'full',
  bar: { line: 'top', kept: 0.9, bytes: 0.2 },
  lines: [
    { name: 'frozen', after: 'never', send: 'full' },
    { name: 'daily', after: 'period', send: 'full' },
    { name: 'full', after: 'slice', send: 'full' },
    { name: 'touched', after: 'slice', send: { rows: { kind: 'touched' } } },
    { name: 'top', after: 'slice', send: { rows: { kind: 'top', share: 0.1 } } },
    { name: 'bytes', after: 'slice', send: { rows: { kind: 'touched' }, int8: true } },
  ],
});

describe('a replay', () => {
  it('serves by deltas of all rows what full loads serve, and counts what is sent', async () => {
    await useBackend('cpu');
    const small = ['embeddingDim', 'dqk', 'dv', 'maxSequenceLength'].map((key) => ({ key: `model.${key}`, text: '8' }));
    const further = [
      { key: 'objective.numNegatives', text: '4' },
      { key: 'training.epochs', text: '2' },
      { key: 'evaluation.ks', text: '[10]' },
    ];
    const { config } = await resolveConfig({ recipe: replay.recipe, overrides: [...small, ...further] });
    const events = Array.from({ length: 400 }, (_, time) => [time % 20, time] as const);
    const slices = slicesByTime(world(events, 40), replay);
    const dir = new StudyDir(join(folder, 'study'));
    const lock = dir.open();
    const context = { dir, progress: new Progress({ quiet: true }), stop: { signal: undefined, dispose: () => {} } };
    const run = () => runReplay(replay, replay.lines, { config, slices }, context);
    const seed = await run();
    expect(seed.ranks.get('touched')).toEqual(seed.ranks.get('full'));
    expect(seed.ranks.get('full')).not.toEqual(seed.ranks.get('frozen'));
    expect(seed.sent).toMatchObject({
      frozen: { loads: 0, bytes: 0 },
      daily: { loads: 1, bytes: seed.fullBytes, equal: 1 },
      full: { loads: 3, bytes: 3 * seed.fullBytes },
      touched: { loads: 3, equal: 3 },
      top: { loads: 3, rows: 3 * 4, equal: 0 },
      bytes: { loads: 3, equal: 0 },
    });
    expect(seed.sent.top.bytes).toBeLessThan(seed.sent.bytes.bytes);
    expect(seed.sent.bytes.bytes).toBeLessThan(seed.sent.touched.bytes);
    // The first slice is served by all with the base.
    const first = (name: string): number[] => [...(seed.ranks.get(name)?.ranks.slice(0, 20) ?? [])];
    for (const { name } of replay.lines) expect(first(name)).toEqual(first('frozen'));
    expect(await run()).toEqual(seed);
    writeJson(dir.file('environment.json'), describeEnvironment(undefined));
    const periodOf = Int32Array.from({ length: 80 }, (_, q) => Math.floor(q / 40));
    const about = { request: {}, remarks: ['Seeds 1.'], evaluation: config.evaluation };
    const shown = renderListing(finishReplay(dir, { replay, lines: replay.lines, seeds: [seed], periodOf, ...about }));
    expect(shown).toContain('touched: the weights of the full load byte for byte after 3 of 3 loads of a seed.');
    for (const name of ['report.html', 'quality.csv', 'plots/hr10.svg'])
      expect(existsSync(dir.file(name)), name).toBe(true);
    expect(readFileSync(dir.file('quality.csv'), 'utf8')).toMatch(/^frozen,0,-,0 B,0\.0 %/m);
    lock.release();
  }, 60_000);

  it('keeps nothing of the gain when frozen and all when fresh; half the gain is half', () => {
    const users = Int32Array.from({ length: 400 }, (_, q) => q >> 2);
    const line = (hits: (q: number) => boolean): Recorded => ({
      ranks: Float32Array.from(users, (_, q) => (hits(q) ? 1 : 50)),
      tied: new Int32Array(400),
      ties: 'expected',
      users,
    });
    const seed = new Map([
      ['frozen', line((q) => q % 4 === 0)],
      ['full', line((q) => q % 4 !== 1)],
      ['top', line((q) => q % 4 === 0 || q % 4 === 2)],
    ]);
    const periodOf = Int32Array.from(users, (_, q) => (q < 200 ? 0 : 1));
    const found = summarise(replay, [seed, seed], periodOf, 'HR@10');
    expect(found.get('frozen')).toMatchObject({ kept: { mean: 0 }, mean: { mean: 0.25 }, periods: [0.25, 0.25] });
    expect(found.get('full')).toMatchObject({ kept: { mean: 1, low: 1, high: 1 }, gain: { mean: 0.5 } });
    expect(found.get('top')?.kept?.mean).toBeCloseTo(0.5);
    const none = new Map([...seed, ['full', line((q) => q % 4 === 0)]] as [string, Recorded][]);
    expect(summarise(replay, [none], periodOf, 'HR@10').get('top')?.kept).toBeUndefined();
  });

  it('says what is wrong with a command', async () => {
    const run = (...argv: string[]) => runMain('reproduce', 'delta/ml-1m', ...argv);
    expect(await run('--size', 'small')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('--size: expected no size (this replay has one only); got "small"'),
    });
    expect((await run('--rows', 'delta, top 20 %')).errors).toContain(
      '--rows: expected rows of delta/ml-1m; got "delta, top 20 %"; did you mean delta, top 10 %?',
    );
    for (const key of ['training.patience', 'training.evaluateEvery', 'evaluation.positions', 'evaluation.baselines'])
      expect(await run(`--${key}`, '2')).toMatchObject({
        code: 2,
        errors: expect.stringContaining(`--${key}: expected of ${key.split('.')[0]} what a study reads`),
      });
    const split = 'no split in a replay, which parts the events by time itself; got';
    const weights = 'none in a replay, which trains on the events of all users from random weights; got';
    for (const [key, text, message] of [
      ['data.split', 'leave-last-out', `--data.split: expected ${split} leave-last-out`],
      ['data.split.kind', 'global-time', `--data.split.kind: expected ${split} global-time`],
      ['data.heldOut.share', '0.2', `data.heldOut: expected ${weights} {"share":0.2,"seed":1}`],
      ['data.coldItems.share', '0.2', `data.coldItems: expected ${weights} {"share":0.2,"seed":1}`],
      ['initialWeights.path', 'w.safetensors', `initialWeights: expected ${weights} {"path":"w.safetensors"}`],
      ['itemVectors.path', 'vectors.csv', `itemVectors: expected ${weights} {"path":"vectors.csv"`],
      ['optimizer.schedule.kind', 'plateau', 'optimizer.schedule.kind: expected a schedule of steps in a study'],
    ])
      expect(await run(`--${key}`, text)).toMatchObject({ code: 2, errors: expect.stringContaining(message) });
    expect(() => defineReplay({ ...replay, frozen: 'ice' })).toThrow('replay: expected a line; got ice; frozen, daily');
  });
});
