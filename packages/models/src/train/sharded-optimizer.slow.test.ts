// Every rule of the optimiser with its state on 1, 2, 4 and 8 ranks: the file of one process, byte for byte.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { runRanks } from '@seqrec/core/collectives';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ownedRules, ownedRun } from '../test-support/owned-run.ts';
import { ownedBlocks } from './blocks.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const folder = mkdtempSync(join(tmpdir(), 'seqrec-owners-'));
const bytesOf = (file: string): string => readFileSync(file).toString('base64');

describe.each(['hstu', 'sasrec'])('%s', (model) => {
  it.each(Object.entries(ownedRules))('%s', async (rule, settings) => {
    const file = (name: string): string => join(folder, `${model} ${rule} ${name}`);
    await ownedRun({}, { model, settings, steps: 3, to: file('half') });
    await ownedRun({}, { model, settings, steps: 6, to: file('whole') });
    const partitions = settings.embeddings === 'rowwise' && settings.clipNorm === undefined;
    for (const partition of partitions ? ([undefined, 'row-cyclic', 'columns'] as const) : [undefined]) {
      for (const size of [1, 2, 4, 8]) {
        const [half, end] = [file(`half ${size}`), file(`end ${size}`)];
        const where = partition && { partition };
        await runRanks(size, (ranks) => ownedRun({ ranks, ...where }, { model, settings, steps: 3, to: half }));
        expect(bytesOf(half), `${size} ranks`).toBe(bytesOf(file('half')));
        const next = { 1: 8, 2: 4, 4: 1, 8: 2 }[size] ?? 1;
        await runRanks(next, (ranks) => ownedRun({ ranks }, { model, settings, steps: 3, from: half, to: end }));
        expect(bytesOf(end), `${size} ranks, then ${next}`).toBe(bytesOf(file('whole')));
      }
    }
    await ownedRun({}, { model, settings, steps: 3, from: file('half 8'), to: file('alone') });
    expect(bytesOf(file('alone'))).toBe(bytesOf(file('whole')));
  });
});

it('moments of more than a block come to rank 0 block by block, in order', async () => {
  const shape = [5, 2 ** 22 + 3];
  const values = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => i % 8191);
  await runRanks(3, async (ranks) => {
    const own = ranks.rank === 2 ? tf.tensor(values, shape) : undefined;
    const checked: number[] = [];
    const check = (_: unknown, firstIndex: number): number => checked.push(firstIndex);
    let at = 0;
    for await (const block of ownedBlocks(own, shape, { owner: 2, ranks }, check).blocks()) {
      expect(block.length === 0 || ranks.rank === 0).toBe(true);
      if (block.length > 0) expect(checked.at(-1)).toBe(at);
      expect(Buffer.from(block.buffer).equals(Buffer.from(values.slice(at, at + block.length).buffer))).toBe(true);
      at += block.length;
    }
    expect(at).toBe(ranks.rank === 0 ? values.length : 0);
    expect(checked).toHaveLength(2);
    own?.dispose();
  });
});
