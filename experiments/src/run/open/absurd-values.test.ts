import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { useBackend } from '@seqrec/core';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { resolveConfig } from '../../config/load-recipe.ts';
import { type RecipeConfig, recipeConfigSchema } from '../../config/schema.ts';
import { validate } from '../../config/validate.ts';
import { windowPolicy } from '../../config/windows.ts';
import { prepareData } from '../../data/dataset.ts';
import { isExpected } from '../../errors.ts';
import { Progress } from '../../terminal/progress.ts';
import { everyKey } from '../../testing/every-key.ts';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { runIds } from '../loop/run-ids.ts';
import { checkAgainstData } from './check-config.ts';
import { makeTrainer } from './make-trainer.ts';

/** What nobody means: zero, negative, not a number, huge, tiny, empty, twice the same, another type. */
const absurd: readonly unknown[] = [
  ...[0, -1, 0.5, 1e-300, 1e8, 1e9, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER],
  ...['', 'x', '1', null, true, [], [10, 10], ['x'], {}],
];

const quiet = new Progress({ quiet: true });
/** Of files, which a generated world does not have; `csv` and `files` are checked where they are read. */
const elsewhere = new Set([
  ...[
    'name',
    'path',
    'split',
    'heldOut',
    'share',
    'kCore',
    'repeats',
    'delimiter',
    'columns',
    'user',
    'item',
    'time',
    'rating',
    'title',
  ],
  // Of columns, and of files of items and users.
  ...[
    'action',
    'request',
    'id',
    'users',
    'quantile',
    'validationQuantile',
    'cut',
    'target',
    'test',
    'validation',
    'query',
    'corpus',
    'categories',
    'column',
    'separator',
    'distinct',
    'vocabulary',
    'unit',
  ],
  ...[
    'ties',
    'quote',
    'encoding',
    'reader',
    'header',
    'file',
    'timeUnit',
    'lenient',
    'itemVectors',
    'missing',
    'initialWeights',
    'actionBounds',
    'timeFormat',
    'allowEarlyTimes',
    'missing',
    'minRating',
    'examples',
    'after',
    'coldItems',
    'userVectors',
    'semanticIds',
    'terms',
    'weigh',
    'n',
    'pieces',
    'age',
    'hours',
  ],
  // Of a label of rows, which a retrieval run has none of; of the data of a plug-in.
  ...['label', 'positiveAbove', 'negativeBelow', 'labels'],
  // Of a world of rows, and of a split into requests, which rankers alone have.
  ...['steps', 'categoriesPerUser', 'eventsPerStep', 'candidates', 'testCandidates', 'presence', 'trainShare'],
  ...['validationSteps', 'validationShare', 'maxHistory', 'rows', 'by', 'training'],
  // Of rows too, and refused here; tables that start anew are those of a ranker.
  ...['sampledNegatives', 'perPositive', 'among', 'teacherLabels', 'teacher', 'prefix', 'scale', 'renewTables'],
  // Of the vectors and tokenizers of semantic ids, with `seqrec ids`; a file of them.
  ...['ngrams', 'characters', 'minDocuments', 'window', 'shift', 'symmetric', 'normalize', 'balanced', 'bits'],
  ...['hiddenSizes', 'commitment', 'gradient', 'projected', 'assignment', 'iterations', 'reduction', 'diversity'],
  ...['weight', 'clusters', 'collaborative', 'idsFile'],
  // Of parts of a test set, in a list.
  ...['trainingRows', 'bounds', 'firstEvents'],
  // Of one feature, in a list: with the transforms.
  ...['width', 'table', 'encode', 'minCount', 'buckets', 'maxLength', 'cross'],
]);

beforeAll(async () => {
  await useBackend('auto');
});

async function base(name: string): Promise<RecipeConfig> {
  const overrides = tinyRecipe.slice(1).map((option) => {
    const [key, text] = option.replace('--', '').split('=');
    return { key, text };
  });
  const { config } = await resolveConfig({ recipe: 'synthetic/hstu', overrides });
  const small = {
    ...config,
    data: {
      ...{ ...config.data, records: 64, items: 300, maxCategories: 2, categoryCount: 'exact', prior: 'dirichlet' },
      // Two of the models read times.
      rowNumberAsTime: true,
    },
  };
  const model = { ...config.model, embeddingDim: 8, dqk: 4, dv: 4 };
  const training = { ...config.training, batchSize: 2, parts: 2, patience: 3, weightAverage: { decay: 0.5 } };
  return validate(recipeConfigSchema(), { ...small, model, training, ...everyKey[name] });
}

type Path = readonly string[];
function* leaves(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) yield path;
  else for (const [key, inner] of Object.entries(value)) yield* leaves(inner, [...path, key]);
}
const replaced = (value: unknown, [key, ...rest]: Path, leaf: unknown): unknown =>
  key === undefined
    ? leaf
    : { ...(value as object), [key]: replaced((value as Record<string, unknown>)[key], rest, leaf) };

/** All that is checked before a run folder is made, then the first step. */
async function begin(value: unknown): Promise<void> {
  const config = validate(recipeConfigSchema(), value);
  windowPolicy(config);
  const prepared = await prepareData(config.data, '.', quiet);
  checkAgainstData(config, prepared);
  const generation = await runIds(config, prepared, { progress: quiet });
  const data = { ...prepared, ...(generation && { generation }) };
  const trainer = await makeTrainer(config, data, {}, { progress: quiet });
  let started = false;
  try {
    started = true;
    await trainer.step();
  } catch (error) {
    // A rate of 1e300 is for the first step to find out; everything else must have been refused before.
    const { name } = error as Error;
    if (!(started && name === 'TrainingError')) throw new Error(`after the run folder: ${(error as Error).message}`);
  } finally {
    trainer.dispose();
    trainer.model.dispose();
  }
}

test.each(Object.keys(everyKey))(
  'every key of %s with absurd values: refused with a reason, or it works',
  async (name) => {
    const config = await base(name);
    const runs = () => readdirSync(tmpdir()).filter((entry) => entry.startsWith('synthetic-'));
    const before = runs();
    const failures: string[] = [];
    for (const path of leaves(config)) {
      for (const value of absurd) {
        // A tag names another kind, which has keys of its own.
        if (['kind', 'policy', 'format'].includes(path.at(-1)!)) continue;
        // A larger world is no mistake, it only takes its time.
        if (path[0] === 'data' && typeof value === 'number' && value > 1000 && Number.isFinite(value)) continue;
        try {
          await begin(replaced(config, path, value));
        } catch (error) {
          const { message } = error as Error;
          const key = path.at(-1)!;
          const helpful = isExpected(error) && message.includes('expected') && message.includes(key);
          if (!helpful)
            failures.push(`${path.join('.')} = ${JSON.stringify(value) ?? value}: ${message.slice(0, 200)}`);
        }
      }
    }
    expect(failures).toEqual([]);
    expect(runs()).toEqual(before);
  },
  120_000,
);

test('what is named is every key of the schema', async () => {
  const named = new Set<string>();
  for (const name of Object.keys(everyKey))
    for (const path of leaves(await base(name))) for (const key of path) named.add(key);
  const schema = JSON.stringify(
    z.toJSONSchema(recipeConfigSchema(), { io: 'input', unrepresentable: 'any', reused: 'inline' }),
  );
  const keys = new Set<string>();
  JSON.parse(schema, (key, value) => {
    if (key === 'properties') for (const property of Object.keys(value)) keys.add(property);
    return value;
  });
  // HSTU's switches are choices and booleans; the preset fills them in.
  const switches = Object.keys((await resolveConfig({ recipe: 'ml-100k/hstu', overrides: [] })).config.model);
  const optional = [...keys].filter((key) => !named.has(key) && !elsewhere.has(key) && !switches.includes(key));
  expect(optional).toEqual(['seed', 'checkpoint'].filter((key) => !named.has(key)));
});

test('a run beyond the memory names what it needs and what to lower', async () => {
  const config = await base('sasrec');
  const huge = (change: object) => begin({ ...config, ...change });
  await expect(huge({ model: { ...config.model, embeddingDim: 16_384, numBlocks: 64 } })).rejects.toThrow(
    /memory: expected a run that fits into .*needs at least .*weights .*; lower model\.embeddingDim/,
  );
  await expect(
    huge({
      objective: { kind: 'sampled-softmax', numNegatives: 1_000_000, temperature: 0.05 },
      training: { ...config.training, batchSize: 1_000_000 },
      windows: undefined,
      data: { ...config.data, records: 320, length: 100 },
      model: { ...config.model, maxSequenceLength: 99 },
    }),
  ).rejects.toThrow(/1000000 negatives of each label .*; lower objective\.numNegatives or training\.batchSize/);
});

test('what the kernels would refuse after an epoch is refused before: too wide items, ids and scores of negatives', async () => {
  const config = await base('sasrec');
  await expect(begin({ ...config, model: { ...config.model, embeddingDim: 16_385 } })).rejects.toThrow(
    'model.embeddingDim: expected a number of at most 16384; got 16385',
  );
  // Four bytes each would fit into a heap of 4 GiB, and the step then asks for as many again.
  const negatives = { kind: 'sampled-softmax', numNegatives: 1_000_000, temperature: 0.05 };
  const world = { ...config.data, records: 40, length: 20 };
  const change = { objective: negatives, windows: undefined, data: world };
  const model = { ...config.model, maxSequenceLength: 19 };
  await useBackend('simd');
  try {
    await expect(
      begin({ ...config, ...change, model, training: { ...config.training, batchSize: 40 } }),
    ).rejects.toThrow(/memory: expected a run that fits into 4\.0 GiB, the heap of simd.*1000000 negatives/);
  } finally {
    await useBackend('auto');
  }
});
