// Every transport against plain loops over what the ranks have.
import { createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Collective, type CollectiveOptions } from './collective.ts';
import { runRanks, virtualRanks } from './single.ts';
import { tcpTransport } from './tcp.ts';
import type { Transport } from './transport.ts';
import { treeSum } from './tree-sum.ts';
import { sharedRanks, workerTransport } from './workers.ts';

/** Transports of `size` ranks, all in this process. */
const makers: Readonly<Record<string, (size: number) => Promise<Transport[]>>> = {
  single: async (size) => virtualRanks(size),
  // So small that most exchanges take several rounds.
  workers: async (size) => {
    const shared = sharedRanks(size, 64);
    return Array.from({ length: size }, (_, rank) => workerTransport(shared, rank));
  },
  tcp: async (size) => {
    const rendezvous = `127.0.0.1:${await freePort()}`;
    return Promise.all(Array.from({ length: size }, (_, rank) => tcpTransport({ rank, size, rendezvous })));
  },
};

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

/** Runs a program on ranks whose transports exist, as `runRanks` does; closes them. */
async function run<T>(
  transports: readonly Transport[],
  program: (collective: Collective) => Promise<T>,
  options?: CollectiveOptions,
): Promise<T[]> {
  const ranks = transports.map((transport) => new Collective(transport, options));
  const results = await Promise.all(ranks.map(program));
  await Promise.all(ranks.map((collective) => collective.close()));
  return results;
}

const sizes = fc.integer({ min: 1, max: 5 });
const floats = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 40 });

describe.each(Object.entries(makers))('%s', (kind, make) => {
  it('moves pieces of any length to where they belong, many exchanges in a row', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes.chain((size) =>
          fc.array(
            fc.array(fc.array(floats, { minLength: size, maxLength: size }), { minLength: size, maxLength: size }),
            {
              minLength: 1,
              maxLength: 4,
            },
          ),
        ),
        async (rounds) => {
          const size = rounds[0].length;
          const received = await run(await make(size), async (collective) => {
            expect([collective.kind, collective.size]).toEqual([kind, size]);
            const all: number[][][] = [];
            for (const pieces of rounds) {
              const mine = pieces[collective.rank].map((piece) => Float32Array.from(piece));
              all.push((await collective.allToAll(mine)).map((piece) => [...piece]));
            }
            return all;
          });
          for (const [round, pieces] of rounds.entries())
            for (let to = 0; to < size; to++)
              expect(received[to][round]).toEqual(pieces.map((ofRank) => ofRank[to].map(Math.fround)));
        },
      ),
      { numRuns: kind === 'tcp' ? 10 : 30 },
    );
  });

  it('adds up in the order of the ranks, the same bits everywhere, and counts what it sends', async () => {
    const length = 1000;
    for (const size of [1, 2, 3, 4, 8]) {
      const arrays = Array.from({ length: size }, (_, r) =>
        Float32Array.from({ length }, (_, i) => Math.sin(1 + i * 7.3 + r * 31.7) * 10 ** ((i + r) % 7)),
      );
      const expected = treeSum(arrays.map((array) => array.slice()));
      const sums = await run(await make(size), async (collective) => {
        // Whoever comes first must not matter.
        await new Promise((resolve) => setTimeout(resolve, 3 * ((collective.rank * 5) % size)));
        const values = arrays[collective.rank].slice();
        const sum = await collective.sum(values);
        expect(sum).toBe(values);
        return { sum, traffic: collective.traffic };
      });
      for (const [r, { sum, traffic }] of sums.entries()) {
        expect(sum).toEqual(expected);
        const slice = Math.ceil(length / size / 16) * 16;
        const own = Math.max(0, Math.min(slice, length - r * slice));
        expect(traffic.bytes).toBe(size === 1 ? 0 : 4 * (length - own + (size - 1) * own));
      }
    }
  });

  it('adds up arrays of one name at once, each by itself', async () => {
    const array = (rank: number, which: number): Float32Array =>
      Float32Array.from({ length: 100 }, (_, i) => 1000 * which + 10 * rank + i);
    const sums = await run(await make(3), (collective) =>
      Promise.all([1, 2, 3].map((which) => collective.sum(array(collective.rank, which)))),
    );
    for (const ofRank of sums)
      for (const [i, sum] of ofRank.entries())
        expect(sum).toEqual(treeSum([0, 1, 2].map((rank) => array(rank, i + 1))));
  });

  it('uses memory again where it is told to, whatever the lengths', async () => {
    const lengths = [5, 3, 40, 0, 41];
    const found = await run(await make(3), async (collective) => {
      const { rank } = collective;
      const all: number[][][] = [];
      const buffers = new Set<ArrayBufferLike>();
      for (const length of lengths) {
        const pieces = [0, 1, 2].map((to) => Float32Array.from({ length }, (_, i) => 100 * rank + 10 * to + i));
        const received = await collective.allToAll(pieces, 'rows', { reuse: true });
        all.push(received.map((piece) => [...piece]));
        for (const { buffer } of received) buffers.add(buffer);
      }
      return { all, buffers: buffers.size };
    });
    for (const [to, { all, buffers }] of found.entries()) {
      expect(buffers).toBe(3 * 2);
      for (const [k, length] of lengths.entries())
        expect(all[k]).toEqual([0, 1, 2].map((from) => Array.from({ length }, (_, i) => 100 * from + 10 * to + i)));
    }
  });

  it('leaves a rank out that has nothing to add', async () => {
    const sums = await run(await make(3), (collective) =>
      collective.sum(collective.rank === 1 ? new Float32Array(0) : Float32Array.of(-0, 1 + collective.rank), 2),
    );
    for (const sum of sums) expect(sum).toEqual(Float32Array.of(-0, 4));
    const nothing = await run(await make(2), (collective) => collective.sum(new Float32Array(0), 3));
    expect(nothing[0]).toEqual(new Float32Array(3));
  });

  it('gives everyone what one rank has, and what all have', async () => {
    const found = await run(await make(4), async (collective) => [
      await collective.broadcast(Int32Array.of(collective.rank, 7), 2),
      await collective.allGather(Float64Array.from({ length: collective.rank }, () => collective.rank)),
      await collective.gatherJson({ rank: collective.rank, word: 'ö' }),
    ]);
    for (const each of found)
      expect(each).toEqual([
        Int32Array.of(2, 7),
        [[], [1], [2, 2], [3, 3, 3]].map((values) => Float64Array.from(values)),
        [0, 1, 2, 3].map((rank) => ({ rank, word: 'ö' })),
      ]);
  });

  it('gives one rank what all have, however late they come', async () => {
    const ranks = (await make(3)).map((transport) => new Collective(transport, { timeout: 0.02 }));
    const found = await Promise.all(
      ranks.map(async (collective) => {
        const { rank } = collective;
        if (rank === 2) await new Promise((resolve) => setTimeout(resolve, 60));
        const own = Float64Array.from({ length: rank }, () => rank);
        return [
          await collective.gather(own, 1, { waits: true }),
          await collective.gatherJson(rank, 'numbers', { waits: true }),
        ];
      }),
    );
    const nothing = new Float64Array(0);
    for (const [rank, each] of found.entries()) {
      const gathered = rank === 1 ? [nothing, Float64Array.of(1), Float64Array.of(2, 2)] : [nothing, nothing, nothing];
      expect(each).toEqual([gathered, [0, 1, 2]]);
    }
    // What a rank sends to itself is not counted, nor what it does not send.
    expect(ranks.map(({ traffic }) => traffic.bytes)).toEqual([2, 2, 16 + 2]);
    await Promise.all(ranks.map((collective) => collective.close()));
  });

  it('keeps operations in the order in which they were called', async () => {
    const found = await run(await make(3), (collective) =>
      Promise.all(
        Array.from({ length: 20 }, (_, i) => collective.allGather(Int32Array.of(100 * i + collective.rank), `op ${i}`)),
      ),
    );
    for (const each of found)
      expect(each).toEqual(Array.from({ length: 20 }, (_, i) => [0, 1, 2].map((r) => Int32Array.of(100 * i + r))));
  });

  it('ends all ranks when one does, with its reason', async () => {
    const ranks = (await make(3)).map((transport) => new Collective(transport));
    const ends = await Promise.allSettled(
      ranks.map(async (collective) => {
        if (collective.rank === 1) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          collective.abort('the disk is full');
          throw new Error('the disk is full');
        }
        await collective.barrier();
      }),
    );
    for (const end of ends) expect(String((end as PromiseRejectedResult).reason)).toMatch(/the disk is full/);
    await expect(ranks[0].barrier()).rejects.toThrow('rank 1 ended all: the disk is full');
    await Promise.all(ranks.map((collective) => collective.close()));
  });

  it('ends all ranks when they are in different operations, or one does not come', async () => {
    const ranks = (await make(2)).map((transport) => new Collective(transport));
    const ends = await Promise.allSettled(
      ranks.map((collective) => collective.barrier(collective.rank === 0 ? 'sum of losses' : 'weights')),
    );
    for (const end of ends)
      expect(String((end as PromiseRejectedResult).reason)).toMatch(/expected all ranks in the same operation; got/);
    await Promise.all(ranks.map((collective) => collective.close()));

    const late = (await make(3)).map((transport) => new Collective(transport, { timeout: 0.1 }));
    const waiting = await Promise.allSettled(late.slice(0, 2).map((collective) => collective.barrier('weights')));
    for (const end of waiting)
      expect(String((end as PromiseRejectedResult).reason)).toMatch(/expected all 3 ranks in 'weights' within 0.1 s/);
    // What was sent to it before the end may still be there for one exchange.
    await expect(late[2].barrier('weights').then(() => late[2].barrier('weights'))).rejects.toThrow(/waited in vain/);
    await Promise.all(late.map((collective) => collective.close()));
  });
});

it('runRanks: the first error ends the program', async () => {
  await expect(
    runRanks(3, async (collective) => {
      if (collective.rank === 2) throw new Error('out of memory');
      await collective.barrier();
    }),
  ).rejects.toThrow(/^out of memory$/);
  expect(await runRanks(2, async ({ rank }) => rank)).toEqual([0, 1]);
});
