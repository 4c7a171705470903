// Checkpoints of tables that lie on several ranks: the file of one process, cut anew for any number of ranks.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type Collective, runRanks } from '@seqrec/core/collectives';
import { latestWindow } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../test/part.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { TABLE_PARTITIONS, type TablePartition } from '../layers/table-shard.ts';
import { withShardedTables } from '../layers/table-shards.ts';
import { createObjective } from '../objectives/create.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinySplit, tinyTrain } from '../test-support/tiny.ts';
import { loadCheckpoint, saveCheckpoint, shareCheckpoint } from './checkpoint.ts';
import { createTrainer, type Trainer } from './trainer.ts';
import { withWholeTables } from './whole-tables.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const folder = mkdtempSync(join(tmpdir(), 'seqrec-shards-'));
const examples = tinyTrain();
const { numItems } = examples.interactions;
const settings = {
  ...{ batchSize: 7, learningRate: 0.01, seed: 11, parts: 4, numNegatives: 5 },
  embeddings: 'rowwise',
  weightAverage: { decay: 0.9 },
} as const;

interface Where {
  readonly ranks?: Collective;
  readonly partition?: TablePartition;
}

/** Of the tables: rules of their own, or what follows from full softmax. */
type Tables = 'adagrad' | 'full' | undefined;

function trainerOf({ ranks, partition }: Where, tables?: Tables): Trainer {
  const sharding = ranks && partition && { ranks, partition };
  const model = withShardedTables(sharding, () => createModel(tinyConfigs.sasrec, { numItems, seed: 3 }));
  const dense = { embeddings: 'dense', clipNorm: 0.05, objective: createObjective({ kind: 'full-softmax' }, examples) };
  const own =
    tables === 'full' ? (dense as typeof dense & { embeddings: 'dense' }) : tables && { tables: { kind: tables } };
  return createTrainer({ model, examples, ...settings, ...own, ...(ranks && { ranks }) });
}

/** Saves as a run does: rank 0 writes, the others give their rows. */
async function save(file: string, trainer: Trainer, { ranks }: Where): Promise<void> {
  if ((ranks?.rank ?? 0) === 0) await saveCheckpoint(file, trainer);
  else await shareCheckpoint(trainer);
}

async function run(
  where: Where,
  { from, to, steps, tables }: { from?: string; to: string; steps: number; tables?: Tables },
) {
  const trainer = trainerOf(where, tables);
  if (from !== undefined) await loadCheckpoint(from, trainer);
  for (let s = 0; s < steps; s++) await trainer.step();
  await save(to, trainer, where);
  trainer.dispose();
  trainer.model.dispose();
}

const bytes = (file: string): string => readFileSync(file).toString('base64');

describe.each(part([undefined, 'adagrad', 'full'] as const, 3))('tables by %s', (tables) => {
  it('are saved byte for byte as by one process, and go on with any number of ranks and partition', async () => {
    const file = (name: string): string => join(folder, `${tables}-${name}`);
    await run({}, { to: file('half'), steps: 3, tables });
    await run({}, { to: file('whole'), steps: 6, tables });
    for (const partition of TABLE_PARTITIONS) {
      for (const size of tables === undefined ? [1, 2, 4] : [4]) {
        const own = file(`${partition}-${size}`);
        await runRanks(size, (ranks) => run({ ranks, partition }, { to: own, steps: 3, tables }));
        expect(bytes(own)).toBe(bytes(file('half')));
        // On to the end with other ranks, and alone.
        const next = {
          ranks: size === 4 ? 2 : 4,
          partition: TABLE_PARTITIONS[(TABLE_PARTITIONS.indexOf(partition) + 1) % TABLE_PARTITIONS.length],
        };
        const ranks = next.ranks;
        const end = file(`end-${partition}-${size}`);
        await runRanks(ranks, (of) =>
          run({ ranks: of, partition: next.partition }, { from: own, to: end, steps: 3, tables }),
        );
        expect(bytes(end)).toBe(bytes(file('whole')));
      }
    }
    await run({}, { from: file('row-cyclic-4'), to: file('alone'), steps: 3, tables });
    expect(bytes(file('alone'))).toBe(bytes(file('whole')));
  });
});

it('are evaluated on rank 0 as they are in one process, and are back on their ranks then', async () => {
  const set = latestWindow(tinySplit().test, { maxLength: 6 });
  const metrics = async (where: Where) => {
    const trainer = trainerOf(where);
    await trainer.step();
    const { model } = trainer;
    const found = await withWholeTables(model, (whole) =>
      evaluate({ model: whole as typeof model & Parameters<typeof evaluate>[0]['model'], examples: set, ks: [3] }),
    );
    await trainer.step();
    trainer.dispose();
    model.dispose();
    return found?.ranks;
  };
  const alone = await metrics({});
  expect(alone).toBeDefined();
  const all = await runRanks(4, (ranks) => metrics({ ranks, partition: 'row-cyclic' }));
  expect(all).toEqual([alone, undefined, undefined, undefined]);
});

it('hold the rows or columns of a rank and no more', async () => {
  const shapes = await runRanks(3, async (ranks) => {
    const own: number[][] = [];
    for (const partition of TABLE_PARTITIONS) {
      const model = withShardedTables({ ranks, partition }, () => createModel(tinyConfigs.hstu, { numItems, seed: 3 }));
      own.push(model.itemTable().shape);
      model.dispose();
    }
    return own;
  });
  const rows = (first: number, columns: number) => [
    [first, 8],
    [7, 8],
    [7, 8],
    [21, columns],
  ];
  expect(shapes).toEqual([rows(21, 2), rows(0, 3), rows(0, 3)]);
});

it('refuse what needs the whole of a table', async () => {
  const options = { ...settings, batchSize: 7 };
  await runRanks(2, async (ranks) => {
    const model = withShardedTables({ ranks, partition: 'row-blocks' }, () =>
      createModel(tinyConfigs.hstu, { numItems, seed: 3 }),
    );
    expect(() =>
      createTrainer({ model: { ...model, penalty: () => tf.scalar(0) }, examples, ...options, ranks }),
    ).toThrow(
      /^trainer: ranks: expected a model without a regulariser for tables that lie on several ranks; got 'hstu'/,
    );
    expect(() => createTrainer({ model: { ...model, tables: () => new Map() }, examples, ...options, ranks })).toThrow(
      /^trainer: ranks: expected a model that says which of its tables are trained by rows \(tables, withRows\); got 'hstu'/,
    );
    model.dispose();
  });
});
