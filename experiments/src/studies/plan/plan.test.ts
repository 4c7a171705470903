import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { runMain } from '../../testing/run-main.ts';
import type { PlanResult } from './plan.ts';

async function planned(...argv: string[]): Promise<PlanResult> {
  const { code, output, errors } = await runMain('plan', ...argv, '--json', '--quiet');
  expect(errors).toBe('');
  expect(code).toBe(0);
  return JSON.parse(output) as PlanResult;
}

const tiny = [...tinyRecipe, '--ranks', '2..16', '--steps', '3'];

describe('seqrec plan', () => {
  it('predicts a step by its parts, one rank first, which sends nothing', async () => {
    const { networks, sequences, compute } = await planned(...tiny, '--network', 'all', '--step-ms', '100');
    expect(networks.map(({ network }) => network.name)).toEqual(['laptop', '10GbE', '100GbE', 'nvlink']);
    expect(sequences).toBe(16);
    expect(compute.source).toBe('given: 100 ms a step of one rank');
    for (const { points } of networks) {
      expect(points.map(({ ranks }) => ranks)).toEqual([1, 2, 4, 8, 16]);
      const [alone] = points;
      expect(alone.seconds).toBeCloseTo(0.1, 9);
      expect([alone.sentMost, alone.tables, alone.sum, alone.losses, alone.speedUp]).toEqual([0, 0, 0, 0, 1]);
      for (const { seconds, compute: own, tables, sum, losses, speedUp, sentMost, sentMean } of points) {
        expect(seconds).toBeCloseTo(own + tables + sum + losses, 9);
        expect(speedUp).toBeCloseTo(alone.seconds / seconds, 9);
        expect(sentMost).toBeGreaterThanOrEqual(sentMean);
      }
    }
    const [, slow, fast, fastest] = networks.map(({ points }) => points.map(({ seconds }) => seconds));
    for (let i = 1; i < slow.length; i++) {
      expect(slow[i]).toBeGreaterThan(fast[i]);
      expect(fast[i]).toBeGreaterThan(fastest[i]);
    }
  });

  it('lets the ranks of a laptop take turns on its cores', async () => {
    const options = [...tiny, '--step-ms', '100', '--fixed-ms', '20'];
    const compute = async (...more: string[]): Promise<number[]> =>
      (await planned(...options, ...more)).networks[0].points.map((point) => point.compute);
    const [shared, apart] = [
      await compute('--network', 'laptop', '--cores', '2'),
      await compute('--network', '100GbE'),
    ];
    for (const [i, ranks] of [1, 2, 4, 8, 16].entries())
      expect(shared[i]).toBeCloseTo(apart[i] * Math.max(1, ranks / 2), 9);
    expect(apart[4]).toBeGreaterThan(0.02);
  });

  it('what ranks send is received, and a table of 10^9 rows is cut where a rank has room for a part of it', async () => {
    const { networks, tables, standIn } = await planned(
      ...[...tiny, '--network', '10GbE', '--step-ms', '100', '--rows', '1e9', '--zipf', '1.05', '--memory', '64GiB'],
    );
    expect(tables[0].rows).toBe(1_000_000_001);
    expect(standIn).toEqual({ table: tables[0].name, rows: 1_000_000_000, exponent: 1.05 });
    const [{ points, refused, explained }] = networks;
    // 32 numbers a row and as many moments: 264 bytes, 246 GiB in all.
    expect(refused.map(({ ranks }) => ranks)).toEqual([2]);
    expect(refused[0].message).toContain('plan: expected tables that fit into 68719476736 bytes of each of 2 ranks');
    expect(points.map(({ ranks }) => ranks)).toEqual([1, 4, 8, 16]);
    expect(explained?.ranks).toBe(16);
    const [{ chosen, others }] = explained!.tables;
    expect(chosen.partition.kind).toBe('row-cyclic');
    expect(others.find(({ partition }) => partition.kind === 'replicated')?.fits).toBe(false);
    const sum = (read: 'bytesSent' | 'bytesReceived'): number =>
      explained!.byRank.reduce((total, rank) => total + rank[read], 0);
    expect(sum('bytesSent')).toBeCloseTo(sum('bytesReceived'), 3);
    expect(Math.max(...explained!.byRank.map(({ memory }) => memory))).toBeLessThan(1.01 * ((264 * 1e9) / 16));
  });

  it('refuses a stand-in under a loss over all items, whose work grows with the table', async () => {
    for (const kind of ['full-softmax', 'sce']) {
      const options = ['--rows', '1e5', '--step-ms', '100', '--objective.kind', kind, '--quiet'];
      const { code, errors } = await runMain('plan', ...tiny, ...options);
      expect([code, errors]).toEqual([
        2,
        expect.stringContaining(
          `--rows: expected a loss that names the items of a step; got objective.kind ${kind}, which scores every row`,
        ),
      ]);
    }
  });

  it('knows ranks that share what the optimiser keeps: less memory, the bytes of a sum in all', async () => {
    const options = [...tiny, '--network', '10GbE', '--step-ms', '100'];
    const [whole, shared] = [await planned(...options), await planned(...options, '--shard-optimizer')];
    expect([whole.shardOptimizer, shared.shardOptimizer]).toEqual([undefined, true]);
    let alike = 0;
    for (const [i, point] of shared.networks[0].points.entries()) {
      const without = whole.networks[0].points[i];
      if (point.ranks === 1) expect(point).toEqual(without);
      else expect(point.memory).toBeLessThan(without.memory);
      // The values of a replicated table come from one rank: others may be cheaper then.
      if (point.partitions.join() !== without.partitions.join()) continue;
      expect(point.sentMean).toBeCloseTo(without.sentMean, 3);
      alike++;
    }
    expect(alike).toBeGreaterThan(1);
  });

  it('measures steps, or counts the operations of one at a rate', async () => {
    const measured = await planned(...tiny);
    expect(measured.compute.source).toContain('measured here');
    expect(measured.compute.perCost + measured.compute.fixed).toBeGreaterThan(0);
    const [slow, fast] = [await planned(...tiny, '--gflops', '10'), await planned(...tiny, '--gflops', '20')];
    expect(slow.compute.perCost / fast.compute.perCost).toBeCloseTo(2, 9);
  });

  it('prints tables that say that they are a model, draws, and keeps what it says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'seqrec-plan-'));
    const plot = join(folder, 'figures', 'plan.svg');
    const { code, output, errors } = await runMain(
      ...['plan', ...tiny, '--step-ms', '100', '--network', '10GbE,nvlink', '--quiet'],
      ...['--plot', plot, '--save', folder],
    );
    expect(code).toBe(0);
    expect(output).toContain('A model, not a measurement');
    expect(output).toMatch(/10GbE: alpha 50 us, beta 1.25 GB\/s \(line rate of 10 Gbit\/s/);
    expect(output).toMatch(/of exchange a step against/);
    for (const [file, label] of [
      [plot, 'predicted time of a step'],
      [plot.replace('.svg', '-bytes.svg'), 'bytes that a rank sends'],
    ])
      expect(readFileSync(file, 'utf8')).toContain(label);
    const saved = /saved: (.*)/.exec(errors)?.[1] ?? '';
    const kept = JSON.parse(readFileSync(saved, 'utf8')) as { readonly kind: string; readonly result: PlanResult };
    expect(kept.kind).toBe('plan');
    expect(kept.result.networks[0].points).toHaveLength(5);
    expect(readFileSync(saved, 'utf8')).not.toContain('byRank');
  });
});

test.skipIf(!process.env.SEQREC_DATA)('a recipe of rows has many tables, each with a reason', async () => {
  const { code, output } = await runMain('plan', 'ctr/ml-1m-dcn-v2', '--ranks', '4', '--step-ms', '400', '--quiet');
  expect(code).toBe(0);
  expect(output).toContain('4,096 rows, mean of 5 steps');
  for (const field of ['user', 'item', 'users.gender', 'users.age', 'items.genres'])
    expect(output).toMatch(new RegExp(`fields\\.${field}\\.weight +[\\d,]+ +16 .* of exchange a step against`));
});

test.skipIf(!process.env.SEQREC_DATA)('more ranks than sequences are idle, and it says so', async () => {
  const { output } = await runMain('plan', 'ml-100k/sasrec', '--ranks', '256', '--step-ms', '100', '--quiet');
  expect(output).toMatch(/of more ranks than the 32 sequences of a batch some have nothing to do/);
});
