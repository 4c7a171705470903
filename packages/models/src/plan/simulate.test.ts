// What the simulator says that ranks read, against steps that are trained by rows.
import { useBackend } from '@seqrec/core';
import { runRanks } from '@seqrec/core/collectives';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ObjectiveConfigInput } from '../objectives/config.ts';
import { createObjective } from '../objectives/create.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { disposeGradients, stepGradients } from '../train/gradients.ts';
import { createTrainer, type Trainer } from '../train/trainer.ts';
import { NETWORKS } from './network.ts';
import { Placements } from './placement.ts';
import { cutStep, readsOf } from './reads.ts';
import { simulateSteps } from './simulate.ts';
import { trainerWeights } from './trainer-weights.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const examples = tinyTrain({ users: 14, items: 60, length: 9 });
const labels = { kind: 'dense-all-action', windowDays: 3, maxLabels: 4, cut: 'random' } as const;
const objectives: Readonly<Record<string, ObjectiveConfigInput>> = {
  sampled: { kind: 'sampled-softmax', numNegatives: 2 },
  'drawn labels': { kind: 'sampled-softmax', numNegatives: 2, labels, weighting: 'user' },
  pool: { kind: 'pool-softmax', negatives: { kind: 'mixed', inBatch: 9, random: 6 }, logQ: 'exact' },
  bce: { kind: 'bce', numNegatives: 1 },
};

function trainerOf(objective: ObjectiveConfigInput, embeddings: 'dense' | 'rowwise' = 'rowwise'): Trainer {
  const model = createModel(tinyConfigs.hstu, { numItems: 60, seed: 1 });
  const settings = { batchSize: 6, learningRate: 0.01, seed: 4, embeddings } as const;
  return createTrainer({ model, examples, objective: createObjective(objective, examples), ...settings });
}

const place = { epoch: 0, stepInEpoch: 1, globalStep: 1 };

describe.each(Object.entries(objectives))('%s', (_, objective) => {
  it('the distinct rows of all ranks are those that a step by rows works on, for any number of ranks', async () => {
    const trainer = trainerOf(objective);
    const { parts, run } = cutStep(trainer, place, { ranks: 1 });
    const { model, task } = trainer;
    const rowwise = [...model.tables().keys()];
    const made = await stepGradients({ model, task, run, rowwise, count: 1, parts: [{ index: 0, ...parts[0]! }] });
    const worked = [...made.rows.values()][0].ids.length;
    disposeGradients(made);
    for (const ranks of [1, 2, 3, 8]) {
      const steps = await simulateSteps(trainer, { ranks, steps: 2 });
      expect(steps[1].tables[0].distinctOfAll).toBe(worked);
    }
    model.dispose();
  });

  it('the rows of a rank are all that its part has a gradient of', async () => {
    const trainer = trainerOf(objective);
    const { model, task } = trainer;
    const rowwise = [...model.tables().keys()];
    const cut = cutStep(trainer, place, { ranks: 3 });
    const [read] = await readsOf(trainer, cut);
    for (const [rank, part] of cut.parts.entries()) {
      expect(part).toBeDefined();
      const made = await stepGradients({
        model,
        task,
        run: cut.run,
        rowwise,
        count: 1,
        parts: [{ index: 0, ...part! }],
      });
      const [{ ids, grad }] = made.rows.values();
      const values = await grad.data();
      const width = grad.shape[1];
      const own = new Set(read[rank].flatMap((list) => [...list]));
      for (const [row, id] of ids.entries()) {
        const isZero = values.subarray(row * width, (row + 1) * width).every((value) => value === 0);
        if (!isZero) expect(own.has(id), `row ${id} of rank ${rank}`).toBe(true);
      }
      disposeGradients(made);
    }
    model.dispose();
  });
});

it('a loss over all items reads every row on every rank', async () => {
  const trainer = trainerOf({ kind: 'full-softmax' }, 'dense');
  const [{ tables, sequences, tokens }] = await simulateSteps(trainer, { ranks: 3, steps: 1 });
  expect([...tables[0].distinct]).toEqual([60, 60, 60]);
  expect(sequences.reduce((sum, each) => sum + each)).toBe(6);
  expect(tokens.every((each) => each > 0)).toBe(true);
  trainer.model.dispose();
});

it('ranks without a sequence have nothing to do, and steps go on over epochs', async () => {
  const trainer = trainerOf(objectives.sampled);
  expect(trainer.stepsPerEpoch).toBe(3);
  const steps = await simulateSteps(trainer, { ranks: 16, steps: 4 });
  // 14 examples in batches of 6: the third has 2.
  expect(steps.map(({ sequences }) => sequences.reduce((sum, each) => sum + each))).toEqual([6, 6, 2, 6]);
  const idle = steps[2].sequences.indexOf(0);
  expect([steps[2].tokens[idle], steps[2].cost[idle], steps[2].tables[0].ids[idle]]).toEqual([0, 0, 0]);
  trainer.model.dispose();
});

describe('ids of a law in the place of those of the data', () => {
  const table = '_embedding_module._item_emb.weight';
  const standIn = { table, rows: 1_000_000_000, exponent: 1.05, seed: 3 };

  it('are as many look-ups over a table of any size, and the same for any number of ranks', async () => {
    const trainer = trainerOf(objectives.sampled);
    const sumOf = (values: Int32Array): number => values.reduce((sum, each) => sum + each, 0);
    const [[real], [one], [four]] = await Promise.all([
      simulateSteps(trainer, { ranks: 1, steps: 1 }),
      simulateSteps(trainer, { ranks: 1, steps: 1, standIn }),
      simulateSteps(trainer, { ranks: 4, steps: 1, standIn }),
    ]);
    expect(one.tables[0].ids).toEqual(real.tables[0].ids);
    expect(sumOf(four.tables[0].ids)).toBe(one.tables[0].ids[0]);
    expect(four.tables[0].distinctOfAll).toBe(one.tables[0].distinctOfAll);
    expect(one.tables[0].distinctOfAll).toBeGreaterThan(real.tables[0].distinctOfAll);
    const [{ rows, width }] = trainerWeights(trainer, standIn).tables;
    expect([rows, width]).toEqual([1_000_000_001, trainer.model.tables().get(table)?.variable.shape[1]]);
    trainer.model.dispose();
  });

  it.each([
    [{ rows: 2 ** 31 }, 'plan: rows: expected a whole number from 1 to 2147483646, since ids are 32-bit integers'],
    [{ rows: 0 }, 'plan: rows: expected a whole number from 1 to 2147483646'],
    [{ exponent: -1 }, 'plan: zipf: expected an exponent of 0 or more, below 10; got -1'],
  ])('%j is refused', async (change, message) => {
    const trainer = trainerOf(objectives.sampled);
    const options = { ranks: 2, steps: 1, standIn: { ...standIn, ...change } };
    await expect(simulateSteps(trainer, options)).rejects.toThrow(message);
    trainer.model.dispose();
  });
});

describe('what the optimiser keeps with owners', () => {
  const frozen = { ...tinyConfigs.pinnerformer, freezeItems: true };
  it.each([
    ['a table', tinyConfigs.sasrec, undefined],
    ['a table', tinyConfigs.sasrec, 0.5],
    ['a frozen table', frozen, undefined],
    ['a frozen table', frozen, 0.5],
  ] as const)(
    'ranks with %s send the bytes that are planned, and keep the moments (%#)',
    async (_, config, clipNorm) => {
      const options = { ...{ batchSize: 6, learningRate: 0.01, seed: 4, parts: 4 }, ...(clipNorm && { clipNorm }) };
      const size = 4;
      const sent = await runRanks(size, async (ranks) => {
        const model = createModel(config, { numItems: 60, seed: 1 });
        const trainer = createTrainer({ model, examples, ...options, ranks, shardOptimizer: true });
        await trainer.step();
        const before = ranks.traffic.bytes;
        await trainer.step();
        const bytes = ranks.traffic.bytes - before;
        const kept = trainer.update.groups.flatMap(({ optimizer }) => [...optimizer.state().values()]);
        const state = kept.flatMap((slots) => Object.values(slots)).reduce((sum, slot) => sum + 4 * slot.size, 0);
        trainer.dispose();
        model.dispose();
        return { bytes, state };
      });
      const model = createModel(config, { numItems: 60, seed: 1 });
      const trainer = createTrainer({ model, examples, ...options });
      const weights = trainerWeights(trainer);
      const steps = await simulateSteps(trainer, { ranks: size, steps: 1 });
      const problem = { ...weights, ranks: size, steps, network: NETWORKS.laptop };
      const sharding = { weights: weights.ownable, clipped: clipNorm !== undefined };
      const replicated = [{ kind: 'replicated' }] as const;
      const whole = new Placements(problem).bytes(replicated);
      const shared = new Placements({ ...problem, sharding });
      const [exchange] = shared.exchange(replicated);
      const all = sent.reduce((sum, { state }) => sum + state, 0);
      for (const [rank, { bytes, state }] of sent.entries()) {
        // The slices of a sum are multiples of 16 numbers.
        const slack = clipNorm === undefined ? 0 : 4 * 16 * size * size;
        expect(Math.abs(exchange.sent[rank] - bytes), `rank ${rank}`).toBeLessThanOrEqual(slack);
        expect(whole[rank] - shared.bytes(replicated)[rank]).toBe(all - state);
      }
      const [{ rows, width }] = weights.tables;
      const table = config === frozen ? 1 : 4;
      expect(new Placements(problem).tableBytes(0, replicated[0])[0]).toBe(table * 4 * rows * width);
      const sum = (values: Float64Array): number => values.reduce((total, bytes) => total + bytes, 0);
      expect(sum(exchange.sent)).toBeCloseTo(sum(exchange.received), 6);
      trainer.dispose();
      model.dispose();
    },
  );
});

it('a trainer has the dense weights beside its tables, with moments and gradients', () => {
  const trainer = trainerOf(objectives.sampled, 'dense');
  const { tables, dense, denseBytes } = trainerWeights(trainer);
  const all = [...trainer.model.variables().values()].reduce((sum, { size }) => sum + size, 0);
  expect(dense.numbers).toBe(all - tables[0].rows * tables[0].width);
  // Weight, gradient and two moments of AdamW.
  expect(denseBytes).toBe(16 * dense.numbers);
  expect(tables[0]).toMatchObject({ rule: 'adamw', trained: 'dense', regularised: false, averaged: false });
  trainer.model.dispose();
});
