import { holdOutUsers, interactionsFromArrays, trainTest } from '@seqrec/data';
import type { TokenEncoder } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { RecipeConfig } from '../../config/schema.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { evaluateWindowTests } from '../../run/evaluation/window-tests.ts';
import { Progress } from '../../terminal/progress.ts';
import { measure, measureDefinition } from './measure.ts';
import { type ArmContext, measureArm } from './run-arm.ts';
import type { Arm } from './study.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Items 1 to 6 have these scores for everybody. */
function model(...scores: number[]): TokenEncoder {
  return {
    kind: 'known',
    config: { kind: 'known' },
    numItems: 6,
    maxSequenceLength: 5,
    encode: (batch) => tf.ones([batch.numTokens, 1]),
    itemVectors: () => tf.tensor2d([0, ...scores], [7, 1]),
    itemTable: () => expect.unreachable('not read'),
    tables: () => new Map(),
    withItemRows: () => expect.unreachable('not read'),
    variables: () => new Map(),
    dispose: () => undefined,
  };
}

const interactions = interactionsFromArrays({
  name: 'two',
  users: ['a', 'a', 'a', 'b', 'b', 'b'],
  items: [4, 1, 2, 4, 6, 5],
  timestamps: [1, 2, 3, 1, 2, 3],
  catalogue: [1, 2, 3, 4, 5, 6].map((item) => ({ item })),
});
const options = { ks: [1], batchSize: 2, temperature: 1, excludeSeen: true, queryTime: 'target' as const };

test('a study counts ties as its configuration says, and refuses a score that is no number', async () => {
  const { test: set } = trainTest(interactions);
  const known = model(1, 1, 1, 0, 0, -1);
  // a: target 2 ties with 3; 1 and 4 are seen. b: target 5 is alone after 1, 2, 3; 4 and 6 are seen.
  const expected = await measure(known, set, { ...options, ties: 'expected' });
  expect(expected.metrics).toMatchObject({ 'HR@1': 1 / 4, MRR: (3 / 4 + 1 / 4) / 2 });
  const optimistic = await measure(known, set, { ...options, ties: 'optimistic' });
  expect(optimistic.metrics).toMatchObject({ 'HR@1': 1 / 2, MRR: (1 + 1 / 4) / 2 });
  const undefinedScore = measure(model(1, 1, 1, 0, 0, Number.NaN), set, { ...options, ties: 'expected' });
  await expect(undefinedScore).rejects.toThrow('rank: expected a score for item 6; got NaN');
  for (const excludeSeen of [true, false, 'all' as const])
    await expect(
      measure(model(1, 1, 1, 1, 1, 1), set, { ...options, excludeSeen, ties: 'optimistic' }),
    ).rejects.toThrow(
      'measure: expected scores that tell candidates apart; got one and the same score for all candidates of every query',
    );
  const [queries, loss, ties] = measureDefinition({ ties: 'optimistic', queryTime: 'last', excludeSeen: true });
  // Several of a user under successive targets; the loss leaves no item out.
  expect(queries).toMatch(/^Queries: the held-out events that have a history\. Candidates: all items .*left out/);
  expect(loss).toContain('over all these items, those of the history too');
  expect(ties).toBe(
    'Ties: equal scores count behind the target. Time of a query, where a model reads it: that of the last event of the history (queryTime last).',
  );
});

test('the loss is finite whatever the scores: products far from one, cosines at a small temperature', async () => {
  const { test: set } = trainTest(interactions);
  // -log softmax of the target of a (2) and of b (5).
  const lossOf = (scores: readonly number[], temperature: number): number => {
    const z = scores.map((score) => score / temperature);
    const top = Math.max(...z);
    const all = top + Math.log(z.reduce((sum, each) => sum + Math.exp(each - top), 0));
    return (all - z[1] + all - z[4]) / 2;
  };
  for (const [scores, temperature] of [
    [[900, 1000, 3, 2, 999, -1], 1],
    [[0.1, 0.12, 0.09, 0, 0.11, 0.1], 1e-3],
    [[0.9, 0.8, 0.7, 0.6, 0.5, 0.4], 0.05],
  ] as const) {
    const { loss } = await measure(model(...scores), set, { ...options, temperature, ties: 'expected' });
    expect(loss / lossOf(scores, temperature)).toBeCloseTo(1, 5);
    // A model that learns its temperature is measured at what it has learned.
    const learned = { ...model(...scores), temperature: (base: number) => tf.tensor1d([2 * base]) };
    const before = tf.memory().numTensors;
    const other = await measure(learned, set, { ...options, temperature, ties: 'expected' });
    expect(other.loss / lossOf(scores, 2 * temperature)).toBeCloseTo(1, 5);
    expect(tf.memory().numTensors).toBe(before);
  }
});

test('a study of arms and the window tests read the rule of the configuration', async () => {
  const whole = trainTest(
    interactionsFromArrays({
      name: 'many',
      users: Array.from({ length: 120 }, (_, e) => Math.floor(e / 6)),
      items: Array.from({ length: 120 }, (_, e) => 1 + ((e * 5 + Math.floor(e / 6)) % 6)),
      timestamps: Array.from({ length: 120 }, (_, e) => e),
    }),
  );
  const heldOut = { share: 0.5, seed: 1, whole };
  const data: PreparedData = { split: holdOutUsers(whole, heldOut), heldOut };
  const known = model(3, 2, 2, 1, 1, 1);
  const figures = async (ties: RecipeConfig['evaluation']['ties']) => {
    const evaluation = { ks: [2], batchSize: 16, excludeSeen: false, ties, queryTime: 'target' };
    const config = { evaluation, objective: { temperature: 1 } } as unknown as RecipeConfig;
    const progress = new Progress({ quiet: true });
    const windows = await evaluateWindowTests(known, { ...data, heldOut }, { config, progress });
    const context = { data, evaluatedUsers: 99, progress, stop: { signal: undefined } } as unknown as ArmContext;
    const arm = await measureArm({ config } as Arm, known, context);
    return [windows.sets.recent, windows.sets.future, arm].map((set) => set!.metrics.MRR);
  };
  const [expected, optimistic, pessimistic] = [
    await figures('expected'),
    await figures('optimistic'),
    await figures('pessimistic'),
  ];
  for (let i = 0; i < 3; i++) {
    expect(optimistic[i]).toBeGreaterThan(expected[i]);
    expect(expected[i]).toBeGreaterThan(pessimistic[i]);
  }
});
