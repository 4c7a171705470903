// An evaluation cut over ranks against that of one process: every field of it.
import { NumericError, useBackend } from '@seqrec/core';
import { type Collective, runRanks } from '@seqrec/core/collectives';
import { latestWindow } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { withShardedTables } from '../layers/table-shards.ts';
import type { TokenEncoder } from '../model.ts';
import { createModel } from '../registry.ts';
import { knownModel, onCircle } from '../test-support/known-model.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { withRootWeights } from '../train/root-weights.ts';
import { withWholeTables } from '../train/whole-tables.ts';
import { evaluate } from './evaluate.ts';
import type { EvaluateOptions } from './evaluation-blocks.ts';
import { evaluateOverRanks } from './over-ranks.ts';
import type { Evaluation } from './protocol.ts';

beforeAll(async () => {
  await useBackend('auto');
});

type Asked = Omit<EvaluateOptions, 'model'>;

/** All of an evaluation but its seconds, or the words of its error. */
async function outcome(run: () => Promise<Evaluation | undefined>) {
  try {
    const evaluation = await run();
    if (evaluation === undefined) return undefined;
    const { seconds, phases, ...rest } = evaluation;
    expect(Object.keys(phases ?? {})).toEqual(['encode', 'rank']);
    expect(seconds).toBeGreaterThan(0);
    return rest;
  } catch (error) {
    return { [(error as Error).name]: (error as Error).message };
  }
}

const overRanks = (size: number, options: EvaluateOptions) =>
  runRanks(size, (ranks) => outcome(() => evaluateOverRanks(options, ranks)));

/** A set of users of whom some have no history, and what may be asked of it. */
const drawn = fc
  .record({
    ranks: fc.integer({ min: 1, max: 5 }),
    users: fc.integer({ min: 1, max: 30 }),
    batchSize: fc.integer({ min: 1, max: 12 }),
    positions: fc.constantFrom('last', 'all'),
    queryTime: fc.constantFrom('target', 'last'),
    ties: fc.constantFrom('expected', 'optimistic', 'mean'),
    excludeSeen: fc.boolean(),
    hasUsed: fc.boolean(),
    opens: fc.boolean(),
    without: fc.integer({ min: 1, max: 7 }),
    levels: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ ranks, users, hasUsed, opens, without, levels, ...protocol }) => {
    const { test } = tinySplit({ users, items: 20, length: 7 });
    const { starts, targets, ...rest } = latestWindow(test, { maxLength: 6 });
    const examples = { ...rest, targets, starts: starts.map((start, e) => (e % without === 1 ? targets[e] : start)) };
    const { itemIds } = examples.interactions;
    const asked: Asked = {
      ...protocol,
      examples,
      ks: [3, 1],
      ...(hasUsed && { usedEvents: Uint8Array.from(itemIds, (id) => Number(id % 3 === 0)) }),
      ...(opens && {
        candidates: (e: number) => Math.max(itemIds[targets[e]], 10, ...itemIds.subarray(starts[e], targets[e])),
      }),
    };
    return { ranks, asked, levels };
  });

/** Few levels of scores: ties, and with one level a model that tells nothing apart. */
const coarse = (levels: number): TokenEncoder =>
  knownModel(
    Array.from({ length: 21 }, (_, i) => [1 + ((i * i) % levels), 0]),
    ({ host }) => Array.from(host.itemIds, () => [1, 0]),
  );

describe('an evaluation over ranks', () => {
  it('of a model: every field is that of one process, for any number of ranks', async () => {
    const models = ['hstu', 'sasrec'].map((kind) => createModel(tinyConfigs[kind], { numItems: 20, seed: 3 }));
    await fc.assert(
      fc.asyncProperty(drawn, fc.constantFrom(...models), async ({ ranks, asked }, model) => {
        const options = { ...asked, model };
        const [root, ...others] = await overRanks(ranks, options);
        expect(root).toEqual(await outcome(() => evaluate(options)));
        expect(others.every((each) => each === undefined)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it('of scores with ties: the same, and every rank ends with the error of one process', async () => {
    let errors = 0;
    await fc.assert(
      fc.asyncProperty(drawn, async ({ ranks, asked, levels }) => {
        const options = { ...asked, model: coarse(levels) };
        const [root, ...others] = await overRanks(ranks, options);
        expect(root).toEqual(await outcome(() => evaluate(options)));
        const fails = 'EvaluationError' in root!;
        errors += Number(fails);
        for (const other of others) expect(other).toEqual(fails ? root : undefined);
      }),
      { numRuns: 60 },
    );
    expect(errors).toBeGreaterThan(0);
  });

  const examples = latestWindow(tinySplit({ users: 29 }).test, { maxLength: 6 });
  const options = (model: TokenEncoder): EvaluateOptions => ({ model, examples, ks: [3], batchSize: 4 });
  const turned = (encode: (id: number) => readonly number[]): TokenEncoder =>
    knownModel(
      Array.from({ length: 21 }, (_, i) => onCircle(i * i)),
      ({ host }) => Array.from(host.itemIds, encode),
    );

  it('cuts neighbouring blocks, so that each rank encodes the batches of one process', async () => {
    const batches = async (size: number): Promise<string[][]> => {
      const seen: string[][] = Array.from({ length: size }, () => []);
      await runRanks(size, (ranks) => {
        const model = knownModel(
          Array.from({ length: 21 }, (_, i) => onCircle(i * i)),
          ({ host }) => {
            seen[ranks.rank].push(host.users.join());
            return Array.from(host.itemIds, (id) => onCircle(0.3 * id));
          },
        );
        return evaluateOverRanks(options(model), ranks);
      });
      return seen;
    };
    const [alone] = await batches(1);
    expect(alone).toHaveLength(8);
    for (const size of [2, 3, 5]) {
      const seen = await batches(size);
      expect(seen.flat()).toEqual(alone);
      for (const each of seen) expect(Math.abs(each.length - 8 / size)).toBeLessThan(1);
    }
    expect((await batches(11)).filter((each) => each.length === 0)).toHaveLength(3);
  });

  it('is of no collapsed model where the queries of one rank alone tell nothing apart', async () => {
    for (const same of [(user: number) => user < 15, (user: number) => user >= 15]) {
      const model = knownModel(
        Array.from({ length: 21 }, (_, i) => onCircle(i * i)),
        ({ host }) =>
          Array.from(host.users).flatMap((user, s) =>
            Array.from({ length: host.offsets[s + 1] - host.offsets[s] }, () => (same(user) ? [0, 0] : [1, 0])),
          ),
      );
      const [root] = await overRanks(2, options(model));
      expect(root).toHaveProperty('metrics');
      expect(root).toEqual(await outcome(() => evaluate(options(model))));
    }
  });

  it('sends rank 0 twenty bytes a query', async () => {
    const model = turned((id) => onCircle(0.3 * id));
    const bytes = await runRanks(2, async (ranks) => {
      const sent: number[] = [];
      const counted = withChanges(ranks, {
        gather: (values: never, ...rest: never[]) => {
          if (ranks.rank > 0) sent.push((values as Float64Array).byteLength);
          return ranks.gather(values, ...rest);
        },
      });
      await evaluateOverRanks(options(model), counted);
      return sent;
    });
    // Rank 1 has 4 of 8 blocks, the last of one example.
    expect(bytes).toEqual([[], [8 * 13, 4 * (4 + 3 * 13)]]);
  });

  it('tells rank 0 how far all are, and ends on all ranks when it leaves', async () => {
    const model = turned((id) => onCircle(0.3 * id));
    const seen: number[] = [];
    const leaving = (at: number) =>
      runRanks(2, (ranks) =>
        outcome(() =>
          evaluateOverRanks(
            {
              ...options(model),
              onProgress: ({ done, total }) => {
                expect([ranks.rank, total]).toEqual([0, 29]);
                seen.push(done);
                if (done >= at) throw new RangeError('stopped');
              },
            },
            ranks,
          ),
        ),
      );
    expect((await leaving(99))[1]).toBeUndefined();
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(29);
    for (const at of [1, 9, 29]) {
      seen.length = 0;
      expect(await leaving(at)).toEqual([{ RangeError: 'stopped' }, undefined]);
      expect(seen.filter((done) => done >= at)).toHaveLength(1);
    }
  });

  it('ends all ranks with the words of the one that failed', async () => {
    const failing = (error: () => never) => {
      const model = turned((id) => onCircle(0.3 * id));
      return runRanks(3, (ranks) =>
        outcome(() =>
          evaluateOverRanks(
            options({ ...model, encode: (batch, run) => (ranks.rank === 2 ? error() : model.encode(batch, run)) }),
            ranks,
          ),
        ),
      );
    };
    const nan = turned((id) => (id === 7 ? [Number.NaN, 0] : onCircle(0.3 * id)));
    const [one, ...others] = await overRanks(3, options(nan));
    const nanInWords = /^evaluate: expected a finite score for every candidate; got NaN in example/;
    expect(one).toEqual({ EvaluationError: expect.stringMatching(nanInWords) });
    for (const other of others) expect(other).toEqual(one);
    const lost = await failing(() => {
      throw new NumericError('the device is gone', 0);
    });
    const words = { EvaluationError: 'rank 2: the device is gone' };
    expect(lost).toEqual([words, words, { NumericError: 'the device is gone' }]);
  });

  it('waits for a slow rank longer than the timeout of the ranks', async () => {
    const model = turned((id) => onCircle(0.3 * id));
    const slow = (ranks: Collective): TokenEncoder => ({
      ...model,
      encode: (batch, run) => {
        const until = performance.now() + (ranks.rank === 1 ? 40 : 0);
        while (performance.now() < until);
        return model.encode(batch, run);
      },
    });
    const all = await runRanks(2, (ranks) => evaluateOverRanks(options(slow(ranks)), ranks), { timeout: 0.03 });
    expect(all[0]?.metrics).toEqual((await evaluate(options(model))).metrics);
  });
});

const withChanges = (ranks: Collective, changes: Partial<Record<keyof Collective, unknown>>): Collective =>
  new Proxy(ranks, {
    get: (target, key) => {
      const value: unknown = changes[key as keyof Collective] ?? Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

it('a share counted twice, shares in another order, a share that is lost: each is seen', async () => {
  const examples = latestWindow(tinySplit({ users: 29 }).test, { maxLength: 6 });
  const model = createModel(tinyConfigs.hstu, { numItems: 20, seed: 3 });
  const options: EvaluateOptions = { model, examples, ks: [3], batchSize: 4 };
  const alone = await outcome(() => evaluate(options));
  const withDefect = async (change: (all: unknown[]) => unknown[]) => {
    const [root] = await runRanks(3, (ranks) => {
      const gather = async (...args: Parameters<Collective['gather']>) => change(await ranks.gather(...args));
      return outcome(() => evaluateOverRanks(options, withChanges(ranks, { gather })));
    });
    return root;
  };
  expect(await withDefect((all) => all)).toEqual(alone);
  expect(await withDefect(([a, b]) => [a, b, b])).not.toEqual(alone);
  expect(await withDefect(([a, b, c]) => [a, c, b])).not.toEqual(alone);
  const empty = (values: unknown) => (values instanceof Float64Array ? new Float64Array(0) : new Int32Array(4));
  expect(await withDefect(([a, b, c]) => [a, b, empty(c)])).not.toEqual(alone);
});

it('of tables that lie on several ranks, and of weights that rank 0 alone has', async () => {
  const examples = latestWindow(tinySplit({ users: 29 }).test, { maxLength: 6 });
  const make = (seed: number) => createModel(tinyConfigs.hstu, { numItems: 20, seed });
  const asked: Asked = { examples, ks: [3], batchSize: 4 };
  const of = (seed: number) => outcome(() => evaluate({ ...asked, model: make(seed) }));
  const [own, chosen] = [await of(3), await of(4)];
  expect(own).not.toEqual(chosen);
  for (const partition of ['row-cyclic', 'row-blocks', 'table', 'columns', undefined] as const) {
    const all = await runRanks(3, async (ranks) => {
      const model = withShardedTables(partition && { ranks, partition }, () => make(3));
      await ranks.barrier();
      const before = tf.memory().numTensors;
      await ranks.barrier();
      const evaluated = (whole: TokenEncoder) => outcome(() => evaluateOverRanks({ ...asked, model: whole }, ranks));
      const first = await withWholeTables(model, evaluated, 'all');
      await ranks.barrier();
      if (ranks.rank === 0) expect(tf.memory().numTensors).toBe(before);
      await ranks.barrier();
      const second = await withRootWeights(ranks.rank === 0 ? make(4) : model, ranks, evaluated);
      return [first, second];
    });
    expect(all).toEqual([[own, chosen], ...Array.from({ length: 2 }, () => [undefined, undefined])]);
  }
});
