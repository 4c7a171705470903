import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { integers, streamKey } from '@seqrec/core';
import type { SimdBackend } from '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { runMain as run } from '../../testing/run-main.ts';
import { rankDifferences } from './cached.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-cached-'));
const file = join(folder, 'events.csv');
const out = join(folder, 'runs');

/** Forty users of nine events, an hour to ten days apart. */
function events(): string {
  const lines = ['who,what,when'];
  for (let user = 0; user < 40; user++) {
    const draws = integers(streamKey(1, 'events'), user, 18, 0, 240);
    let time = 1_600_000_000;
    for (let e = 0; e < 9; e++) {
      time += 3600 * (1 + draws[e]);
      lines.push(`user-${user},item-${(user + 3 * e + (draws[9 + e] % 3)) % 30},${time}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const training = (runs = out): string[] => [
  ...['train', 'csv/hstu', '--data.path', file, '--data.columns.user', 'who', '--data.columns.item', 'what'],
  ...['--data.columns.time', 'when', '--model.maxSequenceLength', '6', '--model.embeddingDim', '16'],
  ...['--model.dqk', '8', '--model.dv', '8', '--training.batchSize', '8', '--evaluation.ks', '[5]'],
  ...['--evaluation.selectBy', 'NDCG@5', '--objective.numNegatives', '8', '--epochs', '1'],
  ...['--evaluation.baselines', '[]', '--backend', 'simd', '--out', runs, '--quiet'],
];
const evaluated = (...more: string[]) => run('evaluate', 'latest', '--out', out, '--quiet', ...more);

beforeAll(async () => {
  writeFileSync(file, events());
  const { code, errors } = await run(...training());
  expect(code, errors).toBe(0);
}, 60_000);

describe('seqrec evaluate --cached', () => {
  test('prints the usual table and says that all ranks are those of the usual evaluation', async () => {
    const { code, output, errors } = await evaluated('--cached');
    expect(code, errors).toBe(0);
    expect(output).toContain('cached: the rank of 40 of 40 users is that of the usual evaluation.');
    expect(output).toMatch(/HR@5 +0\.\d{4}/);
  });

  test('has the same metrics in JSON, whatever the split and the rules', async () => {
    for (const more of [[], ['--split', 'validation', '--include-seen', '--evaluation.queryTime', 'last']]) {
      const cached = JSON.parse((await evaluated('--cached', '--json', ...more)).output);
      const usual = JSON.parse((await evaluated('--json', ...more)).output);
      expect(cached.metrics).toEqual(usual.metrics);
      expect(cached.cached).toMatchObject({ users: 40, sameRank: 40 });
      // Six events of each: one by one, and the row of the newest again when asked.
      expect(cached.cached.appended).toBe(240);
      expect(cached.cached.computedTokens).toBeLessThan(cached.cached.fullTokens);
      expect(cached.differences).toEqual([]);
    }
  });

  test('says where a native library multiplies that vectors are not compared in bits', async () => {
    expect((await evaluated('--cached', '--backend', 'simd')).output).not.toContain('not in bits');
    const backend = tf.backend() as SimdBackend;
    // Larger products than there are.
    backend.libraryFrom = 1e6;
    try {
      const { code, output } = await evaluated('--cached', '--backend', 'simd');
      expect(code).toBe(0);
      expect(output.replaceAll(/\s+/g, ' ')).toContain('the vectors of both agree within 0.00001, not in bits');
    } finally {
      backend.libraryFrom = Number.POSITIVE_INFINITY;
    }
  });

  test.each([
    [['--future', '7'], /--future: expected one of .*; got it with --cached/],
    [['--actions', '4'], /--actions: expected one of .*; got it with --cached/],
    [['--windows'], /--windows: expected one of .*; got it with --cached/],
    [['--baselines', 'ease'], /--baselines: expected it without --cached/],
    [['--evaluation.positions', 'all'], /positions 'last', one query a history; got 'all'/],
  ])('refuses %j', async (more, message) => {
    const { code, errors } = await evaluated('--cached', ...more);
    expect(code).not.toBe(0);
    expect(errors).toMatch(message);
  });

  test('refuses a model whose state cannot grow, before it ranks anything', async () => {
    const runs = join(folder, 'refused');
    const trained = await run(...training(runs), '--model.inputEncoding', 'reverse-position-time');
    expect(trained.code, trained.errors).toBe(0);
    const { code, errors } = await run('evaluate', 'latest', '--out', runs, '--quiet', '--cached');
    expect(code).not.toBe(0);
    expect(errors).toMatch(/createScorer: .*counts places and ages from the newest event/);
  }, 60_000);
});

test('a rank or a tie that differs is a difference', () => {
  const usual = { ranks: Float64Array.of(3, 1, Number.POSITIVE_INFINITY), tied: Int32Array.of(0, 2, 0) };
  const users = Int32Array.of(7, 8, 9);
  expect(rankDifferences({ users, ...usual }, usual)).toEqual([]);
  const other = { users, ranks: Float64Array.of(4, 1, Number.POSITIVE_INFINITY), tied: Int32Array.of(0, 1, 0) };
  expect(rankDifferences(other, usual)).toEqual([
    { user: 7, cached: { rank: 4, tied: 0 }, usual: { rank: 3, tied: 0 } },
    { user: 8, cached: { rank: 1, tied: 1 }, usual: { rank: 1, tied: 2 } },
  ]);
});
