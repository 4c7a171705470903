// What a stranger can define: models, tasks and objectives.
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createGru4rec } from './encoders/gru4rec/stack.ts';
import {
  createModel,
  createObjective,
  createTask,
  createTrainer,
  defineModel,
  defineObjective,
  defineTask,
  gru4recConfigSchema,
  knownObjectiveSchema,
  knownTaskSchema,
  modelKinds,
  type Objective,
  objectiveKinds,
  objectiveTimeReaders,
  parseModelConfig,
  parseObjectiveConfig,
  retrievalTask,
  type TaskContext,
  type TokenEncoder,
  taskKinds,
} from './index.ts';
import { rowWorld } from './test-support/row-world.ts';
import { tinyConfigs, tinyTrain } from './test-support/tiny.ts';

/** The squared distance of every encoded token from the vector of the next item, times `scale`. */
const squared = (scale: number): Objective => ({
  name: 'squared-distance',
  settings: { scale },
  loss({ model, batch, run }) {
    const distance = tf.sub(model.encode(batch, run), tf.gather(model.itemVectors(run), batch.targets));
    return { sum: tf.mul(tf.sum(tf.square(distance)), scale) as tf.Scalar, weight: batch.host.itemIds.length };
  },
});
const squaredSchema = z.strictObject({ kind: z.literal('squared-distance'), scale: z.number().gt(0).default(1) });

beforeAll(async () => {
  await useBackend('cpu');
  defineObjective({
    kind: 'squared-distance',
    schema: squaredSchema,
    create: ({ scale }) => squared(scale),
    timeReaders: () => [{ key: 'scale', value: 'days' }],
  });
  defineModel({
    kind: 'my-gru',
    can: ['encode'],
    schema: gru4recConfigSchema.extend({ kind: z.literal('my-gru') }),
    create: (config, options) => createGru4rec({ ...config, kind: 'gru4rec' }, options),
  });
  defineTask({
    kind: 'half-retrieval',
    needs: 'encode',
    schema: z.strictObject({ kind: z.literal('half-retrieval'), share: z.number().gt(0).default(0.5) }),
    create: ({ share }, { data, train, objective }) => {
      const task = retrievalTask(objective());
      return {
        ...task,
        name: 'half-retrieval',
        identity: { ...task.identity, share, items: data.numItems, set: train.name },
        loss: (context: TaskContext<TokenEncoder>) => {
          const { sum, weight } = task.loss(context);
          return { sum: tf.mul(sum, share) as tf.Scalar, weight };
        },
      };
    },
  });
});

async function firstLoss(options: object): Promise<number> {
  const model = createModel({ ...tinyConfigs.sasrec, inputDropout: 0 } as never, { numItems: 20, seed: 3 });
  const trainer = createTrainer({ model, examples: tinyTrain(), batchSize: 8, learningRate: 0.01, ...options });
  const { loss } = await trainer.step();
  trainer.dispose();
  model.dispose();
  return loss;
}

describe('an objective of a stranger', () => {
  it('is one kind among ours, its settings checked as theirs', () => {
    expect(objectiveKinds()).toEqual([
      'sampled-softmax',
      'pool-softmax',
      'full-softmax',
      'bce',
      'gbce',
      'sce',
      'squared-distance',
    ]);
    expect(parseObjectiveConfig({ kind: 'squared-distance' })).toEqual({ kind: 'squared-distance', scale: 1 });
    expect(knownObjectiveSchema().parse({ kind: 'squared-distance', scale: 2 })).toMatchObject({ scale: 2 });
    expect(() => parseObjectiveConfig({ kind: 'squared-distance', scale: 0 })).toThrow(
      'objective: scale: expected number > 0; got 0',
    );
    expect(() => parseObjectiveConfig({ kind: 'squared-distances' })).toThrow("did you mean 'squared-distance'?");
    expect(objectiveTimeReaders({ kind: 'squared-distance' })).toEqual([{ key: 'scale', value: 'days' }]);
  });

  it('trains', async () => {
    const made = (scale: number) => createObjective({ kind: 'squared-distance', scale }, tinyTrain());
    const one = await firstLoss({ objective: made(1) });
    expect(one).toBeGreaterThan(0);
    expect(await firstLoss({ objective: made(3) })).toBeCloseTo(3 * one, 4);
  });

  it('is told how often items are labels, by the rules of the window policy', () => {
    const shares: number[][] = [];
    defineObjective({
      kind: 'told',
      schema: z.strictObject({ kind: z.literal('told') }),
      create: (_, { examples, frequencies, windowsMove }) => {
        expect(examples.name).toBe('train');
        const { share } = frequencies({ kind: 'next-action', cut: 'last' });
        shares.push(Array.from({ length: examples.interactions.numItems }, (_, i) => share(i + 1)));
        return { ...squared(1), settings: { windowsMove } };
      },
    });
    expect(createObjective({ kind: 'told' }, tinyTrain()).settings).toEqual({ windowsMove: false });
    createObjective({ kind: 'told' }, tinyTrain(), { windowsMove: true });
    // The newest positions have one label each; windows that move make one of every event but the first.
    const labelled = shares.map((each) => each.filter((share) => share > 0).length);
    expect(labelled[0]).toBeLessThan(labelled[1]);
  });
});

describe('a task of a stranger', () => {
  it('is one kind among ours', () => {
    expect(taskKinds()).toEqual(['retrieval', 'generation', 'ranking', 'half-retrieval']);
    expect(taskKinds('encode')).toEqual(['retrieval', 'half-retrieval']);
    expect(knownTaskSchema('encode').parse({ kind: 'half-retrieval' })).toEqual({ kind: 'half-retrieval', share: 0.5 });
    expect(() => createTask({ kind: 'half-retrival' }, { train: tinyTrain() })).toThrow(
      `task: kind: expected one of 'retrieval', 'generation', 'ranking', 'half-retrieval'; got "half-retrival"; did you mean 'half-retrieval'?`,
    );
    expect(() => createTask({ kind: 'half-retrieval', share: -1 }, { train: tinyTrain() })).toThrow(
      'task (half-retrieval): share: expected number > 0; got -1',
    );
  });

  it('trains under the objective beside it, and says who it is', async () => {
    const train = tinyTrain();
    const objective = { kind: 'full-softmax' } as const;
    const whole = await firstLoss({ task: createTask({ kind: 'retrieval' }, { train, objective }) });
    const task = createTask({ kind: 'half-retrieval' }, { train, objective });
    expect(await firstLoss({ task })).toBeCloseTo(whole / 2, 5);
    expect(task.identity).toMatchObject({ share: 0.5, items: 20, set: 'train', objective: { name: 'full-softmax' } });
  });

  it('as ours: ranking takes its labels from the data', () => {
    const task = createTask({ kind: 'ranking' }, { train: rowWorld().train });
    expect(task.identity).toMatchObject({ task: { kind: 'ranking', labels: ['clicked'] } });
    expect(() => createTask({ kind: 'ranking' }, { train: tinyTrain() })).toThrow('task: labels: expected data with');
  });
});

describe('a model of a stranger', () => {
  it('is built by its kind', () => {
    expect(modelKinds('encode')).toContain('my-gru');
    const { kind: _, ...fields } = tinyConfigs.gru4rec;
    const config = { kind: 'my-gru', ...fields };
    expect(parseModelConfig(config)).toMatchObject({ kind: 'my-gru', numBlocks: 2 });
    const model = createModel(config, { numItems: 20 });
    expect(model.numItems).toBe(20);
    model.dispose();
  });
});

it.each([
  ['nothing', () => undefined],
  ['something without variables', async () => undefined],
])('a model whose create returns %s is named', (got, create) => {
  const kind = `none-${got.length}`;
  defineModel({ kind, can: ['encode'], schema: z.strictObject({ kind: z.literal(kind) }), create: create as never });
  expect(() => createModel({ kind } as never, { numItems: 3 })).toThrow(
    `createModel: expected a model of the kind '${kind}'; got ${got} of its create, which may return none, or a promise`,
  );
});

const kinds = { model: modelKinds, task: taskKinds, objective: objectiveKinds } as const;

describe.each([
  [
    'defineModel',
    'model',
    'hstu',
    (one: object) => defineModel({ can: ['encode'], create: createGru4rec, ...one } as never),
  ],
  [
    'defineTask',
    'task',
    'ranking',
    (one: object) => defineTask({ needs: 'encode', create: retrievalTask, ...one } as never),
  ],
  ['defineObjective', 'objective', 'bce', (one: object) => defineObjective({ create: squared, ...one } as never)],
] as const)('%s refuses', (name, what, taken, define) => {
  const strict = (kind: string) => z.strictObject({ kind: z.literal(kind), size: z.int() });
  it.each<[string, object, string]>([
    [
      'a kind that is known',
      { kind: taken, schema: strict(taken) },
      `kind: expected a kind of ${what} that is not known yet; got '${taken}'; choose another name, for example with your package's before it`,
    ],
    [
      'a name that is none',
      { kind: 'My Model', schema: strict('My Model') },
      'kind: expected words of small letters and digits with -, . or / between them; got "My Model"',
    ],
    ['no name', { schema: strict('x') }, 'kind: expected words of small letters and digits'],
    [
      'no schema',
      { kind: 'a/b' },
      "schema: expected z.strictObject({ kind: z.literal('a/b'), ... }); got no schema of zod",
    ],
    ['a schema of another kind', { kind: 'a/b', schema: strict('c') }, 'got one that takes another kind'],
    ['a schema of any kind', { kind: 'a/b', schema: z.strictObject({ kind: z.string() }) }, 'takes another kind'],
    [
      'a schema that lets wrong keys pass',
      { kind: 'a/b', schema: z.object({ kind: z.literal('a/b') }) },
      'got one that takes any key',
    ],
  ])('%s', (_, definition, message) => {
    const before = kinds[what]();
    expect(() => define(definition)).toThrow(
      `${name}: ${message.startsWith('got') || message.startsWith('takes') ? 'schema: expected' : message}`,
    );
    expect(() => define(definition)).toThrow(message);
    expect(kinds[what]()).toEqual(before);
  });
});
