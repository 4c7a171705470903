import { runRanks } from '@seqrec/core/collectives';
import { expect, it } from 'vitest';
import { threadsOfRank } from './join-ranks.ts';
import { checkSameJob } from './same-job.ts';

it('ends all ranks when one has other data, with what differs and where', async () => {
  const heard: string[] = [];
  await expect(
    runRanks(3, async (ranks) => {
      const digest = ranks.rank === 2 ? 'b1' : 'a0';
      await checkSameJob(ranks, { backend: 'simd', 'digest of the data': digest }).catch((error: Error) => {
        heard.push(error.message);
        throw error;
      });
    }),
  ).rejects.toThrow('ranks: expected the same digest of the data on all 3 ranks; got a0 on rank 0 and b1 on rank 2');
  expect(new Set(heard).size).toBe(1);
  expect(heard).toHaveLength(3);
  await runRanks(2, (ranks) => checkSameJob(ranks, { backend: 'cpu', configuration: '{}' }));
});

it('ends all ranks when one is of another version', async () => {
  await expect(runRanks(2, (ranks) => threadsOfRank(ranks, ranks.rank === 1 ? '0.2.0' : '0.1.0'))).rejects.toThrow(
    'ranks: expected the same version of seqrec on all 2 ranks; got 0.1.0 on rank 0 and 0.2.0 on rank 1',
  );
});
