import { tmpdir } from 'node:os';
import { clickRows } from '@seqrec/models';
import { expect, test } from 'vitest';
import type { OpenRanking } from './open-ranking.ts';
import { taughtValues, writeTeacherLabels } from './write-teacher-labels.ts';

test('heads that a store cannot have are refused before any row is scored', async () => {
  // Without a model, which would be asked for the rows.
  const opened = { data: { split: { train: {} } }, ranking: { task: { judged: [{ label: 'time' }] } } };
  const options = { store: tmpdir(), teacher: 'run-1', part: 'train' } as Parameters<typeof writeTeacherLabels>[1];
  await expect(writeTeacherLabels(opened as unknown as OpenRanking, options)).rejects.toThrow(
    'expected labels beside the columns of a store, user, item, time, nth, trained_to, trained_on, day, teacher; got time',
  );
});

test('clicks are taught as probabilities, an order by its scores, which predict no label', () => {
  const scores = Float64Array.of(0, 2);
  const rows = clickRows({ logits: scores, labels: Float64Array.of(0, 1) });
  expect([...taughtValues({ as: 'binary', rows, scores })]).toEqual([0.5, expect.closeTo(1 / (1 + Math.exp(-2)), 6)]);
  expect([...taughtValues({ as: 'order', rows, scores })]).toEqual([0, 2]);
});
