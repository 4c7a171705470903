// Ranks that share the parts of a batch against one process that computes all of them: the same bits.
import { useBackend } from '@seqrec/core';
import { type Collective, runRanks } from '@seqrec/core/collectives';
import type { ExampleSet } from '@seqrec/data';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../test/part.ts';
import type { TablePartition } from '../layers/table-shard.ts';
import { shardOf, withShardedTables } from '../layers/table-shards.ts';
import type { ObjectiveConfigInput } from '../objectives/config.ts';
import { createObjective } from '../objectives/create.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { partBounds } from '../tasks/part.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import type { TrainerOptions } from './options.ts';
import { canSpread, checkSpread } from './ranks.ts';
import { gatherTable } from './sharded-rows.ts';
import { createTrainer } from './trainer.ts';

beforeAll(async () => {
  await useBackend('auto');
});

type Settings = Omit<TrainerOptions, 'model' | 'examples' | 'ranks'>;
interface Trained {
  readonly weights: Readonly<Record<string, number[]>>;
  readonly losses: readonly number[];
  readonly bytes: number;
}

interface Surroundings {
  readonly ranks?: Collective;
  readonly steps?: number;
  readonly examples?: ExampleSet;
  /** How the item table lies on the ranks; absent: whole on each. */
  readonly partition?: TablePartition;
}

async function trained(
  config: ModelConfigInput,
  settings: Settings,
  { ranks, steps = 6, examples = tinyTrain(), partition }: Surroundings = {},
): Promise<Trained> {
  const { numItems } = examples.interactions;
  const sharding = ranks && partition && { ranks, partition };
  const model = withShardedTables(sharding, () => createModel(config, { numItems, seed: 3 }));
  const trainer = createTrainer({ model, examples, ...settings, ...(ranks && { ranks }) });
  const losses: number[] = [];
  for (let s = 0; s < steps; s++) losses.push((await trainer.step()).loss);
  const weights: Record<string, number[]> = {};
  for (const [name, variable] of model.variables()) {
    const shard = shardOf(variable);
    weights[name] = [...(shard ? await gatherTable(shard, variable) : variable.dataSync())];
  }
  trainer.dispose();
  model.dispose();
  return { weights, losses, bytes: ranks?.traffic.bytes ?? 0 };
}

const base = { batchSize: 7, learningRate: 0.01, seed: 11 } as const;
const objectives: Readonly<Record<string, ObjectiveConfigInput>> = {
  sampled: { kind: 'sampled-softmax', numNegatives: 5 },
  pool: { kind: 'pool-softmax', negatives: { kind: 'mixed', inBatch: 9, random: 6 }, logQ: 'exact' },
  full: { kind: 'full-softmax' },
};

describe.each(['hstu', 'sasrec'])('%s', (name) => {
  it.each(
    part(
      Object.keys(objectives).flatMap((objective) =>
        (['dense', 'rowwise'] as const)
          .filter((embeddings) => embeddings === 'dense' || objective !== 'full')
          .map((embeddings) => [objective, embeddings] as const),
      ),
      2,
    ),
  )('%s, %s: 2 and 8 ranks end with the weights of one process of 8 parts', async (objective, embeddings) => {
    const settings: Settings = {
      ...base,
      ...{ parts: 8, embeddings, clipNorm: 0.5 },
      objective: createObjective(objectives[objective], tinyTrain()),
    };
    const alone = await trained(tinyConfigs[name], settings);
    for (const size of part([8, 2], 2)) {
      for (const each of await runRanks(size, (ranks) => trained(tinyConfigs[name], settings, { ranks })))
        expect(each, `${size} ranks`).toEqual({ ...alone, bytes: each.bytes });
    }
  });
});

/** Each partition of the item table over so many ranks ends with what one process ends with. */
async function checkPartitions(
  name: string,
  settings: Settings,
  partitions: readonly (readonly [TablePartition, number])[],
): Promise<void> {
  const alone = await trained(tinyConfigs[name], settings);
  for (const [partition, size] of partitions) {
    const all = await runRanks(size, (ranks) => trained(tinyConfigs[name], settings, { ranks, partition }));
    for (const each of all) expect(each, `${partition}, ${size} ranks`).toEqual({ ...alone, bytes: each.bytes });
  }
}

/** What a rule does to a table is not the model's. */
const ruleOf = { hstu: 'adamw', sasrec: 'adagrad' } as const;

describe.each(['hstu', 'sasrec'] as const)('the item table of %s on several ranks', (name) => {
  it.each(['sampled', 'pool'] as const)(
    '%s: every partition ends with the weights of one process',
    async (objective) => {
      const settings: Settings = {
        ...base,
        ...{ parts: 8, embeddings: 'rowwise', tables: { kind: ruleOf[name] } },
        objective: createObjective(objectives[objective], tinyTrain()),
      };
      await checkPartitions(name, settings, [
        ['row-cyclic', 4],
        ['row-blocks', 2],
        ['table', 2],
        ['columns', 4],
      ]);
    },
  );
});

describe.each(['hstu', 'sasrec'] as const)(
  'the item table of %s on several ranks, trained dense or clipped',
  (name) => {
    it.each(
      part(
        [
          ['full', 'dense', undefined],
          ['full', 'dense', 0.05],
          ['sampled', 'dense', 0.05],
          ['pool', 'rowwise', 0.05],
        ] as const,
        2,
      ),
    )(
      '%s, %s, clipNorm %s: every partition ends with the weights of one process',
      async (objective, embeddings, clipNorm) => {
        const settings: Settings = {
          ...base,
          ...{ parts: 8, embeddings, tables: { kind: ruleOf[name] }, ...(clipNorm && { clipNorm }) },
          objective: createObjective(objectives[objective], tinyTrain()),
        };
        await checkPartitions(name, settings, [
          ['row-cyclic', 4],
          ['row-blocks', 8],
          ['table', 2],
          ['columns', 4],
        ]);
      },
    );
  },
);

describe('a user with two examples in a batch', () => {
  const set = tinyTrain();
  /** Each example, and the first half of it as another. */
  const halved = [...set.users.keys()].flatMap((e) => {
    const [user, start, target] = [set.users[e], set.starts[e], set.targets[e]];
    const middle = Math.floor((start + target) / 2);
    return [[user, start, middle] as const, [user, middle, target] as const];
  });
  const column = (i: 0 | 1 | 2): Int32Array => Int32Array.from(halved, (row) => row[i]);
  const examples: ExampleSet = { ...set, users: column(0), starts: column(1), targets: column(2) };

  // Of a user's labels, some are in a part of another rank, and have no row on this one.
  it.each(['exact', 'sketch'] as const)(
    'the corrected logQ, %s, knows the labels that another rank has',
    async (logQ) => {
      const negatives = { kind: 'mixed', inBatch: 4, random: 8 } as const;
      const objective = createObjective({ kind: 'pool-softmax', negatives, logQ, logQForm: 'corrected' }, examples);
      const settings: Settings = { ...base, batchSize: 8, parts: 2, embeddings: 'rowwise', objective };
      const alone = await trained(tinyConfigs.hstu, settings, { examples });
      for (const loss of alone.losses) expect(loss).toSatisfy(Number.isFinite);
      for (const partition of ['row-cyclic', 'columns'] as const) {
        const all = await runRanks(2, (ranks) => trained(tinyConfigs.hstu, settings, { ranks, examples, partition }));
        for (const each of all) expect(each, partition).toEqual({ ...alone, bytes: each.bytes });
      }
    },
  );
});

describe('what would go wrong', () => {
  const settings: Settings = { ...base, parts: 4, numNegatives: 5 };
  /** Weights of rank 0 of 4 whose operations are changed. */
  const withDefect = async (change: (ranks: Collective) => Partial<Collective>): Promise<Trained> => {
    const all = await runRanks(4, (ranks) => {
      const changes = change(ranks);
      const changed = new Proxy(ranks, {
        get: (target, key) => {
          const value: unknown = changes[key as keyof Collective] ?? Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      return trained(tinyConfigs.hstu, settings, { ranks: changed });
    });
    return all[0];
  };
  /** What the ranks tell each other of their parts: `[count, loss, weight, ..., flags]`. */
  const withParts = (change: (theirs: Float64Array, rank: number) => Float64Array) => (ranks: Collective) => ({
    allGather: async (values: never, operation?: string) => {
      const all = (await ranks.allGather(values, operation)) as unknown as Float64Array[];
      return (operation === 'losses of the parts' ? all.map(change) : all) as never;
    },
  });

  it('sums in another order, counts of one rank, a mean of means: each is seen', async () => {
    const { weights } = await trained(tinyConfigs.hstu, settings);
    expect((await withDefect(() => ({}))).weights).toEqual(weights);
    const inOrderOfArrival = await withDefect((ranks) => ({
      sum: async (values: Float32Array) => {
        const all = await ranks.allGather(values);
        return [3, 1, 0, 2].reduce((sum, r) => sum.map((x, i) => x + all[r][i]), new Float32Array(values.length));
      },
    }));
    expect(inOrderOfArrival.weights).not.toEqual(weights);
    const ownCounts = await withDefect(
      withParts((theirs, rank) => (rank === 0 ? theirs : theirs.map((value, i) => (i === 2 ? 0 : value)))),
    );
    expect(ownCounts.weights).not.toEqual(weights);
    const meanOfMeans = await withDefect(withParts((theirs) => theirs.map((value, i) => (i === 2 ? 1 : value))));
    expect(meanOfMeans.weights).not.toEqual(weights);
  });

  it('a rank whose parts have no token takes part in every step all the same', async () => {
    // Batches of 3 sequences in 8 parts, and a last one of less.
    const few: Settings = { ...base, batchSize: 3, parts: 8, numNegatives: 5 };
    const alone = await trained(tinyConfigs.hstu, few, { steps: 5 });
    for (const size of [2, 4, 8])
      for (const each of await runRanks(size, (ranks) => trained(tinyConfigs.hstu, few, { ranks, steps: 5 })))
        expect(each).toEqual({ ...alone, bytes: each.bytes });
  });
});

it('sends two slices of the gradients a step, and the losses', async () => {
  const settings: Settings = { ...base, parts: 4, numNegatives: 5 };
  const steps = 3;
  const [{ weights, bytes }] = await runRanks(4, (ranks) => trained(tinyConfigs.sasrec, settings, { ranks, steps }));
  const numbers = Object.values(weights).reduce((sum, { length }) => sum + length, 0);
  const slice = Math.ceil(numbers / 4 / 16) * 16;
  const losses = 8 * (1 + 2 + Object.keys(weights).length);
  expect(bytes).toBe(steps * 3 * losses + steps * 4 * (numbers - slice + 3 * slice));
});

it('asks for each distinct row once: an id there, the row back, its gradient there', async () => {
  const settings: Settings = { ...base, parts: 4, embeddings: 'rowwise', numNegatives: 5 };
  const [width, size] = [tinyConfigs.sasrec.embeddingDim as number, 4];
  const all = await runRanks(size, async (ranks) => {
    const sent: Record<string, number[]> = {};
    const counted = new Proxy(ranks, {
      get: (target, key) => {
        if (key !== 'allToAll') {
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        }
        return (pieces: { length: number }[], operation: string) => {
          sent[operation] = pieces.map(({ length }, r) => (r === ranks.rank ? 0 : length));
          return ranks.allToAll(pieces as never, operation);
        };
      },
    });
    await trained(tinyConfigs.sasrec, settings, { ranks: counted, partition: 'row-cyclic', steps: 1 });
    return sent;
  });
  const total = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);
  for (const [r, sent] of all.entries()) {
    const ids = sent['ids of rows'];
    expect(total(ids)).toBeGreaterThan(0);
    // No more than the rows that the others hold.
    expect(total(ids)).toBeLessThanOrEqual(21 - Math.ceil((21 - r) / size));
    expect(sent['gradients of rows']).toEqual(ids.map((n) => n * width));
    expect(sent.rows).toEqual(all.map((others) => others['ids of rows'][r] * width));
  }
});

describe('parts of a batch', () => {
  it('can be spread where each rank has a power of two of them', () => {
    expect([1, 2, 3, 4, 6, 8, 12].filter((parts) => canSpread(parts, 2))).toEqual([2, 4, 8]);
    expect([1, 2, 3, 4, 6, 8, 12].filter((parts) => canSpread(parts, 3))).toEqual([3, 6, 12]);
    expect(() => checkSpread(6, 2)).toThrow(
      'trainer: parts: expected 1, 2, 4, 8, ... parts of a batch for each of 2 ranks; got 6 in all; 2 and 4 would do',
    );
  });

  it('are neighbours, hold every sequence once, and cost about the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (lengths, parts) => {
          const offsets = Int32Array.from([
            0,
            ...lengths.map((_, s) => lengths.slice(0, s + 1).reduce((a, b) => a + b)),
          ]);
          const bounds = [...partBounds(offsets, parts)];
          expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
          expect([bounds[0], bounds[parts]]).toEqual([0, lengths.length]);
          const cost = (l: number): number => 1 + l + (l * l) / 512;
          const all = lengths.reduce((sum, l) => sum + cost(l), 0);
          const longest = Math.max(0, ...lengths.map(cost));
          for (let p = 0; p < parts; p++) {
            const own = lengths.slice(bounds[p], bounds[p + 1]).reduce((sum, l) => sum + cost(l), 0);
            expect(own).toBeLessThanOrEqual(all / parts + longest + 1e-6);
          }
        },
      ),
    );
    expect([
      ...partBounds(
        Int32Array.from({ length: 13 }, (_, s) => 5 * s),
        4,
      ),
    ]).toEqual([0, 3, 6, 9, 12]);
  });
});
