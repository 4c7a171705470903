// An item table whose columns lie on several ranks: more ranks than columns, decay, what is sent and what is held.
import { useBackend } from '@seqrec/core';
import { type Collective, runRanks } from '@seqrec/core/collectives';
import { beforeAll, expect, it } from 'vitest';
import type { TableSharding } from '../layers/table-shard.ts';
import { shardOf, withShardedTables } from '../layers/table-shards.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import type { TrainerOptions } from './options.ts';
import { gatherTable } from './sharded-rows.ts';
import { createTrainer } from './trainer.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const examples = tinyTrain();
const { numItems } = examples.interactions;
const base = { batchSize: 7, learningRate: 0.01, seed: 11, parts: 8, numNegatives: 5, embeddings: 'rowwise' } as const;
const { sasrec } = tinyConfigs;

interface Run {
  readonly config?: ModelConfigInput;
  readonly settings?: Partial<TrainerOptions>;
  readonly steps?: number;
  readonly partition?: TableSharding['partition'];
}

/** Weights by name, and of the table the bytes that are held here, those of the optimiser included. */
async function trained({ config = sasrec, settings, steps = 4, partition = 'columns' }: Run, ranks?: Collective) {
  const sharding = ranks && { ranks, partition };
  const model = withShardedTables(sharding, () => createModel(config, { numItems, seed: 3 }));
  const trainer = createTrainer({ model, examples, ...base, ...settings, ...(ranks && { ranks }) });
  for (let s = 0; s < steps; s++) await trainer.step();
  const weights: Record<string, number[]> = {};
  for (const [name, variable] of model.variables()) {
    const shard = shardOf(variable);
    weights[name] = [...(shard ? await gatherTable(shard, variable) : variable.dataSync())];
  }
  const [[name, { variable }]] = [...model.tables()];
  const kept = Object.values(trainer.update.rows.get(name)?.state() ?? {});
  const held = [variable, ...kept].reduce((bytes: number, x) => {
    if (typeof x === 'number') return bytes;
    return bytes + 4 * ('size' in x ? x.size : x.length);
  }, 0);
  trainer.dispose();
  model.dispose();
  return { weights, held };
}

it.each([
  ['adamw', 3, 8],
  ['adagrad', 3, 8],
  ['adamw', 8, 1],
] as const)('%s with decay, %s columns: %s ranks end with the weights of one process', async (kind, width, size) => {
  const config = { ...sasrec, embeddingDim: width, numHeads: 1 } as ModelConfigInput;
  const run: Run = { config, settings: { tables: { kind, weightDecay: 0.1 } } };
  const alone = await trained(run);
  for (const { weights } of await runRanks(size, (ranks) => trained(run, ranks)))
    expect(weights).toEqual(alone.weights);
});

it('of more ranks than columns, trained dense and clipped', async () => {
  const config = { ...sasrec, embeddingDim: 1, numHeads: 1 } as ModelConfigInput;
  const run: Run = { config, settings: { embeddings: 'dense', clipNorm: 0.05 } };
  const alone = await trained(run);
  for (const { weights } of await runRanks(2, (ranks) => trained(run, ranks))) expect(weights).toEqual(alone.weights);
});

it.each(['columns', 'row-cyclic', 'row-blocks'] as const)('tables that begin anew, by %s', async (partition) => {
  const run: Run = { settings: { embeddings: 'dense', renewTables: true, batchSize: 64 }, steps: 3, partition };
  const alone = await trained(run);
  for (const { weights } of await runRanks(2, (ranks) => trained(run, ranks))) expect(weights).toEqual(alone.weights);
});

it('a rank holds its columns, and one number a row for each that the rule has', async () => {
  const rows = numItems + 1;
  for (const [kind, perColumn, perRow] of [
    ['adamw', 2, 2],
    ['adagrad', 1, 1],
  ] as const) {
    const all = await runRanks(4, (ranks) => trained({ settings: { tables: { kind } }, steps: 1 }, ranks));
    expect(all.map(({ held }) => held)).toEqual(Array(4).fill(4 * rows * (2 * perColumn + perRow)));
  }
});

it('sends ids and sums to all, columns of rows and of gradients each to one', async () => {
  const size = 4;
  const [width, columns] = [8, 2];
  const all = await runRanks(size, async (ranks) => {
    const sent: Record<string, number> = {};
    const counted = new Proxy(ranks, {
      get: (target, key) => {
        if (key !== 'allToAll' && key !== 'allGather') {
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        }
        return async (values: never, operation: string) => {
          const { bytes } = ranks.traffic;
          const received = await (ranks[key] as Collective['allToAll'])(values, operation);
          sent[operation] = (sent[operation] ?? 0) + ranks.traffic.bytes - bytes;
          return received;
        };
      },
    });
    const sharding = { ranks: counted, partition: 'columns' } as const;
    const model = withShardedTables(sharding, () => createModel(sasrec, { numItems, seed: 3 }));
    const settings = { ...base, tables: { kind: 'adagrad', weightDecay: 0.1 } } as const;
    const trainer = createTrainer({ model, examples, ...settings, ranks: counted });
    await trainer.step();
    const [optimizer] = trainer.update.rows.values();
    const { sum } = optimizer.state() as { sum: Float32Array };
    trainer.dispose();
    model.dispose();
    return { sent, touched: sum.filter((x) => x > 0).length };
  });
  const n = all.map(({ sent }) => sent['ids of rows'] / 4 / (size - 1));
  for (const [r, { sent, touched }] of all.entries()) {
    expect(Number.isInteger(n[r]) && n[r] > 0 && n[r] <= touched).toBe(true);
    const others = n.reduce((total, each) => total + each, 0) - n[r];
    expect(sent.rows).toBe(4 * columns * others);
    expect(sent['gradients of rows']).toBe(4 * n[r] * (width - columns));
    // The sums of gradients, and the weights that a decay needs.
    expect(sent['columns of rows']).toBe(2 * 4 * touched * columns * (size - 1));
  }
});
