import type { Partition, PartitionOption, PlacedTable } from '@seqrec/models';
import { expect, it } from 'vitest';
import { reasonOf } from './reason.ts';

const option = (kind: Exclude<Partition['kind'], 'table'>, ms: number, change: Partial<PartitionOption> = {}) => ({
  ...{ partition: { kind }, seconds: ms / 1000, bytes: 2048, imbalance: 1, memory: 2 ** 30, fits: true },
  ...change,
});
const placed = (chosen: PartitionOption, ...others: PartitionOption[]): PlacedTable => ({
  ...{ name: 't', rows: 10, width: 2, chosen, others },
});

it('a reason names the next best, what does not fit, and how uneven blocks would be', () => {
  const blocks = option('row-blocks', 3, { imbalance: 5.84 });
  const cyclic = option('row-cyclic', 1.234567);
  expect(reasonOf(placed(cyclic, blocks, option('replicated', 0.1, { fits: false, memory: 3 * 2 ** 30 })))).toBe(
    '1.23 ms of exchange a step against 3 ms row-wise blocks; replicated does not fit, 3.0 GiB of it a rank; in blocks one rank would give 5.8 times the mean',
  );
  expect(reasonOf(placed(cyclic, option('columns', 2), option('replicated', 4)))).toBe(
    '1.23 ms of exchange a step against 2 ms column-wise; 4 ms replicated, whose gradient is 2.0 KiB a rank',
  );
  expect(reasonOf(placed(option('replicated', 1), option('row-cyclic', 2)))).toBe(
    '1 ms of exchange a step against 2 ms row-wise cyclic',
  );
  expect(reasonOf(placed(cyclic, option('replicated', 1, { fits: false })))).toBe(
    'the only one that fits, 1.23 ms of exchange a step; replicated does not fit, 1.0 GiB of it a rank',
  );
});
