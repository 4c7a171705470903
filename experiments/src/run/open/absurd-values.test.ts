import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { useBackend } from '@seqrec/core';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { part } from '../../../../test/part.ts';
import { resolveConfig } from '../../config/load-recipe.ts';
import { recipeConfigSchema } from '../../config/schema.ts';
import { begin, configOf, failuresOf, leaves } from '../../testing/absurd-values.ts';
import { everyKey } from '../../testing/every-key.ts';

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
    'minLength',
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

/** What an earlier configuration had too; absurd-values.slow.test.ts tries each key in every one. */
const tried = new Set<string>();

test.each(part(Object.keys(everyKey), 2))(
  'every key of %s with absurd values: refused with a reason, or it works',
  async (name) => {
    const runs = () => readdirSync(tmpdir()).filter((entry) => entry.startsWith('synthetic-'));
    const before = runs();
    expect(await failuresOf(name, tried)).toEqual([]);
    expect(runs()).toEqual(before);
  },
  120_000,
);

test('what is named is every key of the schema', async () => {
  const named = new Set<string>();
  for (const name of Object.keys(everyKey))
    for (const path of leaves(await configOf(name))) for (const key of path) named.add(key);
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
  const config = await configOf('sasrec');
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
  const config = await configOf('sasrec');
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
