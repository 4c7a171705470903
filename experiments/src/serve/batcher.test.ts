import { describe, expect, it } from 'vitest';
import { Batcher } from './batcher.ts';
import type { Operation, Outcome } from './operation.ts';
import type { Shard } from './shard.ts';

/** A shard that gives the length of `exclude`, and refuses users of the name `bad`. */
function countingShard(ms = 0) {
  const batches: string[][] = [];
  let running = 0;
  const shard: Shard = {
    capabilities: { append: true, exact: 'bitwise' },
    async run(operations: readonly Operation[]): Promise<Outcome[]> {
      expect(++running).toBe(1);
      batches.push(operations.map((operation) => ('user' in operation ? operation.user : '')));
      await new Promise((resolve) => setTimeout(resolve, ms));
      running--;
      return operations.map((operation) =>
        'user' in operation && operation.user === 'bad'
          ? { error: 'bad user' }
          : { value: Float32Array.of('at' in operation ? operation.at : 0) },
      );
    },
    stats: () => Promise.reject(new Error('unused')),
    close: async () => undefined,
  };
  return { shard, batches };
}

const score = (user: string, at: number) => ({ kind: 'score', user, at, candidates: Int32Array.of(1) }) as const;

describe('the batcher', () => {
  it('puts what arrives within the window into one batch, in order', async () => {
    const { shard, batches } = countingShard();
    const batcher = new Batcher(shard, { windowMs: 2, size: 100 });
    const results = await Promise.all([1, 2, 3].map((at) => batcher.run(score(`u${at}`, at))));
    expect(results.map(([value]) => value)).toEqual([1, 2, 3]);
    expect(batches).toEqual([['u1', 'u2', 'u3']]);
  });

  it('does not let what fails spoil the rest', async () => {
    const batcher = new Batcher(countingShard().shard, { windowMs: 1, size: 100 });
    const settled = await Promise.allSettled([
      batcher.run(score('a', 1)),
      batcher.run(score('bad', 2)),
      batcher.run(score('c', 3)),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(batcher.run(score('bad', 1))).rejects.toThrow('bad user');
  });

  it('runs one batch at a time, of at most its size, and keeps the order across batches', async () => {
    const { shard, batches } = countingShard(3);
    const taken: number[] = [];
    const batcher = new Batcher(shard, { windowMs: 1, size: 4, onBatch: (operations) => taken.push(operations) });
    const all = Array.from({ length: 10 }, (_, i) => batcher.run(score(`u${i}`, i)));
    await batcher.idle();
    expect(batches.flat()).toEqual(Array.from({ length: 10 }, (_, i) => `u${i}`));
    expect(taken).toEqual([4, 4, 2]);
    expect((await Promise.all(all)).map(([value]) => value)).toEqual(Array.from({ length: 10 }, (_, i) => i));
  });

  it('fails every operation of a batch that is lost', async () => {
    const shard = { ...countingShard().shard, run: () => Promise.reject(new Error('worker gone')) };
    const batcher = new Batcher(shard, { windowMs: 1, size: 4 });
    const settled = await Promise.allSettled([batcher.run(score('a', 1)), batcher.run(score('b', 2))]);
    expect(settled.map((each) => String((each as PromiseRejectedResult).reason))).toEqual([
      'Error: worker gone',
      'Error: worker gone',
    ]);
  });
});
