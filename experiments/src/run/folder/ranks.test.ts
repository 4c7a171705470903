import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors, type StoredTensor } from '@seqrec/models';
import { expect, test } from 'vitest';
import { readRanks, saveRanks } from './ranks.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-ranks-'));
const file = join(folder, 'test-ranks.safetensors');
const users = Int32Array.of(0, 1, 1);

test('ranks are read back with their ties, the rule and the definition', async () => {
  const ranks = Float64Array.of(1, 7, Number.POSITIVE_INFINITY);
  const evaluation = {
    ...{ ranks, tied: Int32Array.of(4, 0, 0), users, items: Int32Array.of(3, 2, 1) },
    ties: 'expected' as const,
    definition: ['Rank: 1.'],
  };
  await saveRanks(file, evaluation, 'best');
  expect(readRanks(file)).toEqual({
    ...{ ranks: Float32Array.from(ranks), tied: evaluation.tied, ties: 'expected', users, items: evaluation.items },
    ...{ checkpoint: 'best', definition: ['Rank: 1.'] },
  });
});

test('a file from before ties were counted is one of optimistic ranks', () => {
  const shape = [3];
  const write = (more: Record<string, StoredTensor>, metadata: Record<string, string>) => {
    const old = { rank: { shape, data: Float32Array.of(1, 2, 3) }, user: { shape, data: users } };
    const tensors = new Map<string, StoredTensor>(Object.entries({ ...old, ...more }));
    writeFileSync(file, Buffer.concat(encodeSafetensors({ tensors, metadata })));
  };
  write({}, { checkpoint: 'last', definition: '[]' });
  expect(readRanks(file)).toMatchObject({ ties: 'optimistic', tied: new Int32Array(3), checkpoint: 'last' });
  write({ tied: { shape: [2], data: Int32Array.of(0, 0) } }, {});
  expect(() => readRanks(file)).toThrow('expected a number of ties for each rank and a rule for them');
  write({ tied: { shape, data: Int32Array.of(0, 0, 0) } }, { ties: 'toString' });
  expect(() => readRanks(file)).toThrow('a rule for them; remove the file, it can be made again');
});
