import { streamKey, uniform01, useBackend } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, makeBatch, pointExamples } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { itInFull } from '../../../../../test/part.ts';
import { uploadBatch } from '../../inputs.ts';
import type { Ranker } from '../../model.ts';
import { createModel } from '../../registry.ts';
import { createTrainer } from '../../train/trainer.ts';
import { onlyPart } from '../part.ts';
import { createTask } from '../registry.ts';
import type { RankingTask } from './task.ts';

const ROWS = 800;
const BIAS = 1.3;
/** The chance of a click, of user and item. */
const chance = (e: number): number => ((e % 5) + (e % 4) > 3 ? 0.6 : 0.25);
const drawn = uniform01(streamKey(3, 'clicks'), 0, ROWS);
const numbers = (of: (e: number) => number) => ({
  kind: 'number' as const,
  values: Array.from({ length: ROWS }, (_, e) => of(e)),
});
const rows: ExampleSet = pointExamples(
  interactionsFromArrays({
    name: 'clicks',
    users: Array.from({ length: ROWS }, (_, e) => e % 5),
    items: Array.from({ length: ROWS }, (_, e) => 1 + (e % 4)),
    timestamps: Array.from({ length: ROWS }, (_, e) => e),
    columns: {
      click: numbers((e) => Number(drawn[e] < chance(e))),
      // A day is missing in the store.
      taught: numbers((e) => (e < 100 ? Number.NaN : chance(e))),
      biased: numbers((e) => Math.min(1, BIAS * chance(e))),
      never: numbers(() => Number.NaN),
    },
    labels: ['click', 'taught', 'biased', 'never'],
  }),
);
const { numUsers, numItems } = rows.interactions;
const auxiliary = (column: string) => ['click', { column, loss: 'sigmoid-squared', served: false }];
const direct = (column: string) => [{ column: 'click', teacher: { column, share: 0.5 } }];

beforeAll(async () => {
  await useBackend('auto');
});

function student(labels: unknown[]): { readonly task: RankingTask; readonly model: Ranker } {
  const task = createTask({ kind: 'ranking', labels } as { kind: string }, { train: rows }) as unknown as RankingTask;
  const config = { kind: 'mlp', embeddingDim: 4, embeddingStd: 0.3, hiddenSizes: [8] };
  const model = createModel(config, { numUsers, numItems, labels: task.labels.length, seed: 1 });
  return { task, model: model as unknown as Ranker };
}

/** Sum of predictions over sum of labels of the served head, after training. */
async function calibration(labels: unknown[]): Promise<number> {
  const { task, model } = student(labels);
  const trainer = createTrainer({ model, examples: rows, task, batchSize: ROWS, learningRate: 0.01 });
  await trainer.steps(300);
  const { metrics, labels: served } = await task.evaluate({ model, examples: rows, batchSize: ROWS });
  expect(served).toHaveLength(1);
  model.dispose();
  return metrics.calibration;
}

itInFull(
  'a biased teacher does not reach the served head through a head of its own, and does through the one that learns both',
  async () => {
    const alone = await calibration(['click']);
    expect(Math.abs(alone - 1)).toBeLessThan(0.03);
    expect(Math.abs((await calibration(auxiliary('biased'))) / alone - 1)).toBeLessThan(0.01);
    expect((await calibration(direct('biased'))) / alone).toBeGreaterThan(1.05);
  },
);

/** Gradients of the first step, by the name of the weight. */
function gradients(labels: unknown[]): Map<string, number[]> {
  const { task, model } = student(labels);
  const batch = uploadBatch(makeBatch(rows, [...rows.targets.keys()], { ...model.columns, ...task.columns }));
  const named = [...model.variables()];
  const { grads } = tf.variableGrads(
    () =>
      task.loss({
        model,
        batch,
        part: onlyPart(batch.host),
        drawn: {},
        run: { training: false, step: 0, seed: 0 },
      }).sum,
    named.map(([, variable]) => variable),
  );
  const found = new Map(named.map(([name, { name: of }]) => [name, [...grads[of].dataSync()]]));
  batch.dispose();
  model.dispose();
  return found;
}

it('the weights of the served head have no gradient of the teacher, those that both share have', () => {
  const [weight, bias, below] = ['deep.1.weight', 'deep.1.bias', 'deep.0.weight'];
  const [alone, beside] = [gradients(['click']), gradients(auxiliary('taught'))];
  const own = alone.get(weight) as number[];
  for (const [i, slope] of own.entries()) expect(beside.get(weight)?.[i]).toBeCloseTo(slope, 3);
  expect(beside.get(bias)?.[0]).toBeCloseTo(alone.get(bias)?.[0] as number, 3);
  expect(Math.abs(beside.get(bias)?.[1] as number)).toBeGreaterThan(0);
  const moved = (beside.get(below) as number[]).map((slope, i) => Math.abs(slope - (alone.get(below) as number[])[i]));
  expect(Math.max(...moved)).toBeGreaterThan(0.01);
});

it('rows without a prediction teach the label alone', () => {
  const missing = gradients(direct('never'));
  for (const [name, slopes] of gradients(['click'])) {
    for (const [i, slope] of slopes.entries()) expect(missing.get(name)?.[i]).toBe(slope);
  }
});

it('direct distillation without a prediction on any training row is refused', () => {
  const { task, model } = student(direct('never'));
  expect(() => createTrainer({ model, examples: rows, task, batchSize: ROWS, learningRate: 0.01 })).toThrow(
    'task: labels: expected a prediction of a teacher in some training row; got none of the 800 with one in never; label the rows that train',
  );
  model.dispose();
});
