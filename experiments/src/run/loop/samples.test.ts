import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { streamingWorld } from '@seqrec/data';
import { afterAll, expect, test } from 'vitest';
import { runMain } from '../../testing/run-main.ts';
import { readJson } from '../folder/atomic.ts';
import type { RunResults } from '../folder/results.ts';
import { openRunDir } from '../folder/run-dir.ts';

const out = mkdtempSync(join(tmpdir(), 'seqrec-samples-'));
afterAll(() => rmSync(out, { recursive: true }));

/** So few items that lists reach those that are not there yet, and records take an item again. */
const world = { records: 60, items: 20, length: 10, categories: 2, seed: 3 } as const;

test.each([
  ['left out', 'true'],
  ['kept', 'false'],
])('sample lists are those of the ranks, items of the history %s', async (what, excludeSeen) => {
  const data = Object.entries(world).flatMap(([key, value]) => [`--data.${key}`, String(value)]);
  const model = ['--model.maxSequenceLength', '9', '--model.embeddingDim', '8', '--model.dqk', '4', '--model.dv', '4'];
  const { code, errors } = await runMain(
    ...['train', 'synthetic/hstu', ...data, ...model, '--training.batchSize', '20', '--epochs', '1'],
    ...['--evaluation.excludeSeen', excludeSeen, '--evaluation.baselines', '[]', '--evaluation.ks', '[10]'],
    // Hardly trained: an item that no record took is as likely as others.
    ...['--optimizer.learningRate', '1e-9', '--objective.numNegatives', '8', '--out', join(out, what), '--quiet'],
  );
  expect({ code, errors }).toMatchObject({ code: 0 });
  const { samples } = readJson(openRunDir(join(out, what), 'latest').results) as RunResults;
  const { split, openItems } = streamingWorld(world);
  const { users, items } = split.interactions;
  expect(samples).toHaveLength(5);
  const open = samples.map(({ user }) => openItems[users.dense(user)!]);
  expect(Math.min(...open)).toBeLessThan(world.items);
  for (const { user, recommendations, target } of samples) {
    const listed = recommendations.map(({ item }) => items.dense(item)!);
    expect(Math.max(...listed)).toBeLessThanOrEqual(openItems[users.dense(user)!]);
    const place = recommendations.findIndex(({ item }) => item === target!.item) + 1;
    expect(place).toBe(target!.rank <= 10 ? target!.rank : 0);
  }
});
