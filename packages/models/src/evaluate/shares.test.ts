import { runRanks } from '@seqrec/core/collectives';
import { afterEach, expect, it, vi } from 'vitest';
import { inShares } from './shares.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('ranks meet about every two seconds of the slowest, also when rank 0 has nothing to do', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  for (const [seconds, meetings] of [
    [1, 11],
    [0.5, 6],
    [5, 21],
  ] as const) {
    const heard: number[] = [];
    const [exchanges] = await runRanks(2, async (ranks) => {
      const share = async function* () {
        for (let piece = 0; ranks.rank === 1 && piece < 20; piece++) {
          now += 1000 * seconds;
          yield 3;
        }
      };
      expect(await inShares(ranks, share(), (done) => heard.push(done))).toBe(true);
      return ranks.traffic.exchanges;
    });
    expect(exchanges, `${seconds} s a piece`).toBe(meetings);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    expect(heard.at(0)).toBe(3);
  }
});
