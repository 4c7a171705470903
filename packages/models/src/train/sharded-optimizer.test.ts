// What the optimiser keeps spread over ranks, against one process that keeps all of it: the same bits and files.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type Collective, runRanks } from '@seqrec/core/collectives';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fitFields } from '../features/fit-fields.ts';
import type { Model } from '../model.ts';
import { createObjective } from '../objectives/create.ts';
import { createModel } from '../registry.ts';
import { rankingTask } from '../tasks/ranking/task.ts';
import { type Job, ownedRules, ownedRun } from '../test-support/owned-run.ts';
import { makeRanker, rowModels } from '../test-support/row-models.ts';
import { ITEMS, rowWorld, USERS } from '../test-support/row-world.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { assignOwners } from './assign-owners.ts';
import { createTrainer } from './trainer.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const folder = mkdtempSync(join(tmpdir(), 'seqrec-owners-'));
const at = (name: string): string => join(folder, `${name}.safetensors`);
const bytesOf = (file: string): string => readFileSync(file).toString('base64');

describe('owners of weights', () => {
  it('are balanced to within the largest weight, and each weight has one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (sizes, ranks) => {
          const owners = assignOwners(sizes, ranks);
          const load = new Array<number>(ranks).fill(0);
          for (const [i, owner] of owners.entries()) load[owner] += sizes[i];
          const total = sizes.reduce((sum, size) => sum + size, 0);
          expect(load.reduce((sum, numbers) => sum + numbers, 0)).toBe(total);
          const largest = Math.max(0, ...sizes);
          expect(Math.max(...load)).toBeLessThanOrEqual(total / ranks + largest);
          expect(Math.max(...load) - Math.min(...load)).toBeLessThanOrEqual(largest);
        },
      ),
    );
  });

  it('are found largest first, equal sizes in the order of the weights', () => {
    // 9 to rank 0 and 9 to rank 1; 4 and 4 to rank 2, which has 8 then, and the last 4 too; 1 to rank 0.
    expect([...assignOwners([4, 9, 4, 1, 9, 4], 3)]).toEqual([2, 0, 2, 0, 1, 2]);
    expect([...assignOwners([5, 5, 5, 5], 2)]).toEqual([0, 1, 0, 1]);
    expect([...assignOwners([], 4)]).toEqual([]);
  });
});

/** Saved by one process, and by ranks. */
async function expectSame(name: string, job: Omit<Job, 'to'>, sizes: readonly number[]): Promise<void> {
  await ownedRun({}, { ...job, to: at(name) });
  for (const size of sizes) {
    await runRanks(size, (ranks) => ownedRun({ ranks }, { ...job, to: at(`${name}-${size}`) }));
    expect(bytesOf(at(`${name}-${size}`)), `${size} ranks`).toBe(bytesOf(at(name)));
  }
}

describe('ranks that share what the optimiser keeps', () => {
  it.each([
    ['hstu', 'adamw', 8],
    ['sasrec', 'adagrad, averaged', 4],
    ['hstu', 'muon, tables by adagrad, averaged, clipped', 2],
  ] as const)('%s by %s: %i write the file of one process', async (model, rule, size) => {
    await expectSame(`${model}-${rule}`, { model, settings: ownedRules[rule], steps: 3 }, [size]);
  });

  it('a regulariser, whose gradient every rank has', async () => {
    const { train } = rowWorld();
    const sizes = { numUsers: USERS, numItems: ITEMS };
    const features = fitFields({}, train);
    const settings = { embeddingL2: 0.3, netL2: 0.05, embeddingStd: 0.5 };
    const model = (): Model => makeRanker(rowModels.mlp, settings, { ...sizes, features, seed: 3 });
    const task = rankingTask({ loss: 'binary' }, ['clicked']);
    await expectSame('penalty', { model, settings: { examples: train, task, parts: 4 }, steps: 2 }, [1, 4]);
  });

  it('weights that a regulariser alone moves, or nothing at all', async () => {
    const model = (): Model => {
      const made = createModel(tinyConfigs.sasrec, { numItems: 20, seed: 3 });
      const [pulled, idle] = [1, 2].map((seed) => tf.variable(tf.randomNormal([6, 40], 0, 1, 'float32', seed)));
      const variables = new Map([...made.variables(), ['pulled', pulled], ['idle', idle]]);
      const penalty = (): tf.Scalar => tf.sum(tf.square(pulled)) as tf.Scalar;
      const dispose = (): void => {
        made.dispose();
        tf.dispose([pulled, idle]);
      };
      return { ...made, variables: () => variables, penalty, dispose };
    };
    await expectSame('pulled', { model, settings: { parts: 4 }, steps: 2 }, [2, 4]);
  });

  it.each([
    ['by rows', { embeddings: 'rowwise', weightAverage: { decay: 0.9 } }],
    ['dense', { embeddings: 'dense', objective: createObjective({ kind: 'full-softmax' }, tinyTrain()) }],
    ['dense, clipped', { embeddings: 'dense', clipNorm: 0.05 }],
  ] as const)(
    'with the item table on several ranks as well, %s, go on as others and as one process',
    async (name, settings) => {
      const job = { model: 'sasrec', settings } as const;
      const file = (part: string): string => at(`${name}-${part}`);
      await ownedRun({}, { ...job, steps: 2, to: file('half') });
      await ownedRun({}, { ...job, steps: 4, to: file('whole') });
      await runRanks(4, (ranks) =>
        ownedRun({ ranks, partition: 'row-cyclic' }, { ...job, steps: 2, to: file('half-4') }),
      );
      expect(bytesOf(file('half-4'))).toBe(bytesOf(file('half')));
      await runRanks(2, (ranks) =>
        ownedRun({ ranks }, { ...job, steps: 2, from: file('half-4'), to: file('whole-2') }),
      );
      expect(bytesOf(file('whole-2'))).toBe(bytesOf(file('whole')));
      await runRanks(2, (ranks) => ownedRun({ ranks }, { ...job, steps: 0, from: file('half-4'), to: file('again') }));
      expect(bytesOf(file('again'))).toBe(bytesOf(file('half')));
      await ownedRun({}, { ...job, steps: 2, from: file('half-4'), to: file('whole-1') });
      expect(bytesOf(file('whole-1'))).toBe(bytesOf(file('whole')));
    },
  );

  it('each keep the moments of their own weights, before and after a resume, and send what is written', async () => {
    const [size, parts, steps] = [4, 4, 2];
    const weights = [...createModel(tinyConfigs.sasrec, { numItems: 20, seed: 3 }).variables().values()];
    const numbers = weights.reduce((sum, weight) => sum + weight.size, 0);
    const largest = Math.max(...weights.map((weight) => weight.size));
    for (const clipNorm of [undefined, 0.5]) {
      const settings = { parts, ...(clipNorm && { clipNorm }) };
      const trained = (more: Partial<Job>) =>
        runRanks(size, (ranks) => ownedRun({ ranks }, { model: 'sasrec', settings, steps: 1, ...more }));
      const one = await trained({ to: at('moments') });
      const more = await trained({ steps: 1 + steps });
      const resumed = await trained({ from: at('moments') });
      for (const [r, { moments, load, bytes }] of more.entries()) {
        const own = load![r];
        expect(moments).toBe(2 * own);
        expect(resumed[r].moments).toBe(moments);
        expect(own).toBeLessThanOrEqual(numbers / size + largest);
        const losses = 8 * (1 + 2 + weights.length) * (size - 1);
        const slice = Math.ceil(numbers / size / 16) * 16;
        const slices = Array.from({ length: size }, (_, s) => Math.min(slice, Math.max(0, numbers - s * slice)));
        const gradients = clipNorm === undefined ? numbers - own : numbers - slices[r] + (size - 1) * slices[r];
        expect(bytes - one[r].bytes).toBe(steps * (losses + 4 * gradients + 4 * (size - 1) * own));
      }
      expect(more[0].load!.reduce((sum, own) => sum + own, 0)).toBe(numbers);
    }
  });
});

describe('what would go wrong', () => {
  const job = { model: 'hstu', settings: { parts: 2 }, steps: 3 } as const;
  /** What rank 1 sends of new values, changed. */
  const withDefect = (change: (values: Float32Array, before: Float32Array | undefined) => Float32Array) =>
    runRanks(2, (ranks) => {
      let before: Float32Array | undefined;
      const allGather = (values: Float32Array, operation: string): Promise<Float32Array[]> => {
        if (ranks.rank === 0 || operation !== 'new values of weights') return ranks.allGather(values, operation);
        const sent = change(values, before);
        before = values.slice();
        return ranks.allGather(sent, operation);
      };
      const changed = new Proxy(ranks, {
        get: (target, key) => {
          if (key === 'allGather') return allGather;
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      return ownedRun({ ranks: changed }, { ...job, to: at('defect') });
    });

  it('values that are left out, or are those of the step before: the one is refused, the other seen', async () => {
    await ownedRun({}, { ...job, to: at('right') });
    await withDefect((values) => values);
    expect(bytesOf(at('defect'))).toBe(bytesOf(at('right')));
    await withDefect((values, before) => before ?? values);
    expect(bytesOf(at('defect'))).not.toBe(bytesOf(at('right')));
    await expect(withDefect((values) => values.subarray(0, values.length - 32))).rejects.toThrow(
      /^trainer: shardOptimizer: expected \d+ new values of weights from rank 1, which owns them; got \d+; every rank must run the same program/,
    );
  });

  it('owners that differ between ranks are refused by all before the first step', async () => {
    const heard: string[] = [];
    const made = ({ rank }: Collective): Model => {
      const model = createModel(tinyConfigs.hstu, { numItems: 20, seed: 3 });
      const reversed = new Map([...model.variables()].reverse());
      return rank === 0 ? model : { ...model, variables: () => reversed };
    };
    const all = runRanks(2, (ranks) =>
      ownedRun({ ranks }, { ...job, model: () => made(ranks) }).catch((error: Error) => {
        heard.push(error.message);
        throw error;
      }),
    );
    await expect(all).rejects.toThrow(
      /^trainer: shardOptimizer: expected the same owners of weights on all 2 ranks; got as weight 0 '.*' of \d+ numbers at rank 0 on rank 0 and '.*' of \d+ numbers at rank \d on rank 1; every rank must make the same model with the same options$/,
    );
    expect(heard).toHaveLength(2);
  });

  it('one process, which has nobody to share with', () => {
    const examples = tinyTrain();
    const model = createModel(tinyConfigs.hstu, { numItems: 20, seed: 3 });
    const options = { model, examples, batchSize: 7, learningRate: 0.01 };
    expect(() => createTrainer({ ...options, shardOptimizer: true })).toThrow(
      'trainer: shardOptimizer: expected several ranks to spread what the optimiser keeps; got one process; give ranks as well',
    );
    expect(() => createTrainer({ ...options, shardOptimizer: 'zero' as never })).toThrow(
      'trainer: shardOptimizer: expected true or false; got zero',
    );
    model.dispose();
  });
});
