import { useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TokenEncoder } from '../model.ts';
import { withActions } from '../objectives/actions.ts';
import type { ObjectiveConfigInput } from '../objectives/config.ts';
import { createObjective } from '../objectives/create.ts';
import { capabilitiesOf, createModel, type ModelConfigInput, parseModelConfig } from '../registry.ts';
import { partBounds } from '../tasks/part.ts';
import { retrievalTask } from '../tasks/retrieval.ts';
import type { Task } from '../tasks/task.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { disposeGradients, type StepGradients, stepGradients } from './gradients.ts';
import { TreeSum } from './reduce.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const run = { training: true, step: 3, seed: 5 };
const indices = Int32Array.of(7, 1, 4, 0, 9, 3, 2);
const examples = tinyTrain();

/** Gradients of a batch in parts, as plain numbers by the name of the weight. */
async function gradientsIn(
  parts: number,
  model: TokenEncoder,
  task: Task,
  rowwise: readonly string[] = [],
): Promise<Map<string, Float32Array>> {
  const whole = makeBatch(examples, indices);
  const bounds = partBounds(whole.offsets, parts);
  const made: StepGradients = await stepGradients({
    model,
    task,
    run,
    rowwise,
    count: parts,
    parts: Array.from({ length: parts }, (_, p) => ({
      index: p,
      batch: parts === 1 ? whole : makeBatch(examples, indices.subarray(bounds[p], bounds[p + 1])),
      at: { whole, firstSequence: bounds[p], firstToken: whole.offsets[bounds[p]] },
    })),
  });
  const out = new Map<string, Float32Array>([['loss', Float32Array.from(made.loss.dataSync())]]);
  for (const [name, variable] of model.variables()) {
    const grad = made.rows.get(variable.name)?.grad ?? made.dense[variable.name];
    if (grad != null) out.set(name, Float32Array.from(grad.dataSync()));
  }
  disposeGradients(made);
  return out;
}

function expectClose(got: Map<string, Float32Array>, expected: Map<string, Float32Array>): void {
  expect([...got.keys()]).toEqual([...expected.keys()]);
  const largest = Math.max(...Array.from(expected.values(), (values) => Math.max(...values.map(Math.abs))));
  for (const [name, values] of expected) {
    const own = Math.max(...values.map(Math.abs), 1e-3 * largest);
    for (const [i, value] of values.entries()) {
      expect(Math.abs(got.get(name)![i] - value), `${name} ${i}`).toBeLessThan(5e-6 * own);
    }
  }
}

const labels = { kind: 'dense-all-action', windowDays: 3, maxLabels: 4, cut: 'random' } as const;
const objectives: Readonly<Record<string, ObjectiveConfigInput>> = {
  'sampled softmax': { kind: 'sampled-softmax', numNegatives: 5 },
  'sampled softmax of drawn labels': { kind: 'sampled-softmax', numNegatives: 5, labels, weighting: 'user' },
  pool: { kind: 'pool-softmax', negatives: { kind: 'mixed', inBatch: 9, random: 6 }, logQ: 'exact' },
  'pool of drawn labels': {
    kind: 'pool-softmax',
    negatives: { kind: 'mixed', inBatch: 9, random: 6 },
    logQ: 'none',
    labels,
    weighting: 'user',
  },
  'full softmax': { kind: 'full-softmax' },
  gbce: { kind: 'gbce', numNegatives: 3, t: 0.5 },
  'scalable cross-entropy': { kind: 'sce', buckets: 4, bucketPairs: 9, bucketItems: 6, labels, weighting: 'user' },
  'scalable cross-entropy, random centres': { kind: 'sce', mix: false, bucketItems: 6, average: 'all' },
  bce: { kind: 'bce', numNegatives: 3, labels: { kind: 'sasrec', cut: 'last' } },
};
/** With every dropout that the model has. */
const dropping = (name: string): ModelConfigInput => {
  const config = tinyConfigs[name];
  const rates = ['inputDropout', 'linearDropout', 'ffnDropout', 'attentionDropout', 'blockDropout', 'dropout'];
  const complete = parseModelConfig(config);
  const own = Object.fromEntries(rates.filter((key) => key in complete).map((key) => [key, 0.4]));
  return { ...config, ...own } as ModelConfigInput;
};

describe.each(Object.keys(tinyConfigs))('a batch of %s in parts', (name) => {
  it('has the gradients of the whole, dropout on', async () => {
    const model = createModel(dropping(name), { numItems: 20, seed: 1 });
    const task = retrievalTask(createObjective(objectives['sampled softmax'], examples)) as unknown as Task;
    const whole = await gradientsIn(1, model, task);
    for (const parts of [2, 3, 4]) expectClose(await gradientsIn(parts, model, task), whole);
    model.dispose();
  });
});

describe.each(Object.entries(objectives))('a batch in parts under %s', (name, config) => {
  it('has the loss and the gradients of the whole', async () => {
    const model = createModel(dropping('sasrec'), { numItems: 20, seed: 1 });
    const task = retrievalTask(createObjective(config, examples)) as unknown as Task;
    const whole = await gradientsIn(1, model, task);
    expect(whole.get('loss')![0]).toBeGreaterThan(0);
    for (const parts of [2, 4, 7]) expectClose(await gradientsIn(parts, model, task), whole);
    if (task.namesItems) {
      const tables = [...model.tables().keys()];
      expectClose(await gradientsIn(4, model, task, tables), await gradientsIn(1, model, task, tables));
    }
    expect(name).toBeDefined();
    model.dispose();
  });
});

it('a batch with hidden events in parts has the gradients of the whole, dropout on', async () => {
  const config = { ...dropping('transformer'), attention: 'bidirectional' } as ModelConfigInput;
  const model = createModel(config, { numItems: 20, seed: 1 });
  const masked = { kind: 'masked', probability: 0.5, lastOnly: 0.2 } as const;
  const objective = createObjective({ kind: 'sampled-softmax', numNegatives: 5, labels: masked }, examples);
  const task = retrievalTask(objective) as unknown as Task;
  const tables = [...model.tables().keys()];
  for (const rowwise of [[], tables]) {
    const whole = await gradientsIn(1, model, task, rowwise);
    expect(whole.get('loss')![0]).toBeGreaterThan(0);
    for (const parts of [2, 4, 7]) expectClose(await gradientsIn(parts, model, task, rowwise), whole);
  }
  expect((await gradientsIn(2, model, task, tables)).get('loss')![0]).toBeCloseTo(
    (await gradientsIn(1, model, task)).get('loss')![0],
    4,
  );
  model.dispose();
});

const withTowers = Object.keys(tinyConfigs).filter((name) => capabilitiesOf(tinyConfigs[name].kind).includes('towers'));

it.each(withTowers)(
  'a pool of vectors that a tower of %s makes is that of the whole batch, dropout on',
  async (name) => {
    const model = createModel(dropping(name), { numItems: 20, seed: 1 });
    const negatives = { kind: 'mixed', inBatch: 9, random: 6 } as const;
    const objective = createObjective({ kind: 'pool-softmax', negatives, logQForm: 'corrected' }, examples);
    const task = retrievalTask(objective) as unknown as Task;
    const whole = await gradientsIn(1, model, task);
    for (const parts of [2, 4, 7]) expectClose(await gradientsIn(parts, model, task), whole);
    model.dispose();
  },
);

it('weighs actions as the whole batch does, whatever the labels of items', async () => {
  const model = createModel(dropping('hstu-actions'), { numItems: 20, seed: 1 });
  const config = { ...objectives['sampled softmax of drawn labels'] };
  const task = retrievalTask(withActions(createObjective(config, examples), 0.4)) as unknown as Task;
  const whole = await gradientsIn(1, model, task);
  for (const parts of [2, 4]) expectClose(await gradientsIn(parts, model, task), whole);
  model.dispose();
});

describe('TreeSum', () => {
  const value = (seed: number) => ({ a: tf.tensor1d([Math.fround(Math.sin(seed) * 1e3), Math.fround(1 / seed)]) });
  const sumOf = (groups: readonly (readonly number[])[]): number[] => {
    const total = new TreeSum();
    for (const group of groups) {
      const own = new TreeSum();
      for (const part of group) own.add(value(part));
      total.add(own.finish(), group.length);
    }
    const { a } = total.finish();
    const numbers = [...a.dataSync()];
    a.dispose();
    return numbers;
  };

  it('has the same bits however aligned runs of parts are spread', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 3 }), (parts, level) => {
        const numbers = Array.from({ length: parts }, (_, p) => p + 1);
        const size = 2 ** level;
        // The last run may be short: it is added part by part, as one machine would.
        const full = numbers.slice(0, parts - (parts % size));
        const runs = Array.from({ length: full.length / size }, (_, r) => full.slice(r * size, (r + 1) * size));
        const rest = numbers.slice(full.length).map((part) => [part]);
        expect(sumOf([...runs, ...rest])).toEqual(sumOf(numbers.map((part) => [part])));
      }),
    );
  });

  it('keeps no tensor', () => {
    const before = tf.memory().numTensors;
    sumOf([[1], [2], [3], [4], [5]]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
