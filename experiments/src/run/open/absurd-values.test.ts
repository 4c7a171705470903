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
const labels = { kind: 'dense-all-action', cut: 'last', windowDays: 28, maxLabels: 4 };
const schedule = { epochs: 4, controlEpochs: 2, order: 'control-first' };
const window = { maxHistory: 'all', schedule, stride: 2 };
const shape = { embeddingDim: 8, maxSequenceLength: 24, numBlocks: 1, inputDropout: 0.1, learnedTemperature: true };
/** Sections that the small recipe does not have; together they name every key of the schema. */
const variants: Readonly<Record<string, Record<string, unknown>>> = {
  hstu: {},
  production: {
    model: {
      kind: 'hstu',
      ...{ ...shape, numHeads: 1, outputLength: 11, dqk: 8, dv: 8, block: 'production', linearDropout: 0.1 },
      ...{ inputEncoding: 'reverse-position-time', ageBuckets: 16, ageScale: 'log' },
      ...{ maxAttentionLength: 8, globalAttentionLength: 2, minFullAttentionLength: 2 },
    },
    windows: { policy: 'weighted', ...window, decay: 4 },
  },
  sasrec: {
    model: { kind: 'sasrec', ...shape, numHeads: 2, outputLength: 11, ffnDim: 8, ffnDropout: 0.1, activation: 'relu' },
    objective: { kind: 'bce', numNegatives: 1, labels: { kind: 'sasrec', cut: 'last' } },
    windows: { policy: 'strided-offset', maxHistory: 48, offsetEpochs: 3, budget: 'steps' },
  },
  dssm: {
    model: {
      kind: 'dssm',
      ...{ maxSequenceLength: 24, maxHistory: 8, userId: true, itemId: true, history: true, embeddingDim: 4 },
      ...{ queryHiddenSizes: [8], itemHiddenSizes: [8], outputDim: 4, dropout: 0.1, similarity: 'cosine' },
      ...{ idDropout: 0.1, embeddingStd: 0.1, embeddingL2: 1e-6, netL2: 1e-6 },
    },
  },
  pinnerformer: {
    model: {
      kind: 'pinnerformer',
      ...{ ...shape, modelDim: 8, numHeads: 2, ffnDim: 8, blockDropout: 0.1, time: true, actions: 'none' },
      ...{ duration: 'none', actionDim: 4, itemDim: 8, freezeItems: false, itemHiddenDim: 8 },
    },
    objective: {
      kind: 'pool-softmax',
      negatives: { kind: 'mixed', inBatch: 32, random: 32 },
      ...{
        logQ: 'sketch',
        logQForm: 'corrected',
        sketch: { depth: 2, width: 64 },
        weighting: 'user',
        labels,
        temperature: 0.05,
        actionWeight: 0,
      },
    },
    windows: { policy: 'stochastic-length', alpha: 1.5, subsequence: 'recent' },
  },
  llama: {
    model: { kind: 'transformer-plus-plus', ...shape, numHeads: 2, headDim: 4, ffnDim: 8, blockDropout: 0.1 },
  },
  fuxi: {
    model: {
      kind: 'fuxi-alpha',
      ...{ ...shape, numHeads: 2, dqk: 4, dv: 4, channels: 'position-time-content', numTimeBuckets: 8 },
      ...{ ffnDim: 8, multistage: true, linearDropout: 0.1 },
    },
  },
  ligr: {
    model: {
      kind: 'transformer',
      ...{ ...shape, numHeads: 2, ffnDim: 8, blockDropout: 0.1, block: 'ligr', activation: 'swiglu' },
      ...{ gatedResidual: true, ffnBias: false, ffnDropout: 0.1, finalNorm: false },
    },
  },
  masked: {
    model: { kind: 'transformer', ...shape, numHeads: 2, attention: 'bidirectional', similarity: 'dot' },
    objective: {
      kind: 'full-softmax',
      temperature: 1,
      labels: { kind: 'masked', probability: 0.3, lastOnly: 0.1 },
    },
  },
  features: {
    model: {
      ...{ kind: 'transformer-plus-plus', ...shape, numHeads: 2, headDim: 4, ffnDim: 8, features: ['category'] },
      ...{ combineFeatures: 'concat', featureDim: 4, itemFeatures: 'both', idDropout: 0.1 },
    },
    objective: { kind: 'sampled-softmax', numNegatives: 4, negativeItems: 'trained' },
  },
  gru: {
    model: { kind: 'gru4rec', ...shape, hiddenDim: 8, blockDropout: 0.1 },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    optimizer: {
      ...{ kind: 'muon', learningRate: 1e-3, decayVectors: false, clipNorm: 1, epsilon: 1e-8 },
      ...{ muon: { learningRate: 1e-3, momentum: 0.9, nesterov: true, scale: 'adamw', byBlock: true } },
      ...{ tables: { kind: 'adagrad', learningRate: 1e-3, weightDecay: 0 } },
      schedule: { kind: 'cosine', warmupSteps: 2, warmupFrom: 0.1, steps: 4, floor: 0.1 },
    },
  },
  gbce: {
    objective: { kind: 'gbce', numNegatives: 4, t: 0.5, ownLabels: 'masked' },
  },
  sce: {
    objective: { kind: 'sce', buckets: 4, bucketPairs: 8, bucketItems: 8, mix: false, average: 'all' },
  },
  divided: {
    objective: { kind: 'bce', numNegatives: 2, divisor: 'all', ownLabels: 'kept' },
  },
  plateau: {
    optimizer: {
      learningRate: 1e-3,
      schedule: {
        ...{ kind: 'plateau', warmupSteps: 2, factor: 0.5, patience: 1, threshold: 0.01, cooldown: 1, floor: 0 },
        metric: 'HR@10',
      },
    },
  },
  codes: {
    task: {
      ...{ kind: 'generation', beams: 250, mask: 'before', debias: 0.5 },
      ids: { tokenizer: { kind: 'random', levels: 2, codes: 64 }, collisions: 'counter', seed: 1 },
    },
    model: { kind: 'sasrec', ...shape, maxSequenceLength: 8, numHeads: 1, outputLength: 1, ffnDim: 8, ffnDropout: 0.1 },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    windows: undefined,
  },
  hybrid: {
    task: {
      ...{ kind: 'generation', beams: 250, ids: { tokenizer: { kind: 'random', levels: 2, codes: 64 } } },
      dense: {
        ...{ weight: 0.5, vectors: 'table', width: 4, after: 1, temperature: 0.1, levels: 1, mix: 0.5, cold: false },
      },
    },
    model: { kind: 'sasrec', ...shape, maxSequenceLength: 8, numHeads: 1, outputLength: 1, ffnDim: 8, ffnDropout: 0.1 },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    windows: undefined,
  },
  language: {
    task: {
      ...{ kind: 'generation', beams: 'all', ids: { tokenizer: { kind: 'random', levels: 2, codes: 64 } } },
      language: {
        tasks: { retrieve: 1, masked: 1, preferred: 0.5, toTitle: 0, fromTitle: 0, toAttributes: 0 },
        ...{ histories: 8, minCount: 2, maxWords: 4 },
      },
    },
    model: { kind: 'sasrec', ...shape, maxSequenceLength: 8, numHeads: 1, outputLength: 1, ffnDim: 8, ffnDropout: 0.1 },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    windows: undefined,
  },
  t5: {
    task: { kind: 'generation', beams: 'all', ids: { tokenizer: { kind: 'random', levels: 2, codes: 64 } } },
    model: {
      ...{ kind: 't5', embeddingDim: 8, numHeads: 2, headDim: 4, ffnDim: 8, encoderBlocks: 1, decoderBlocks: 1 },
      ...{ maxSequenceLength: 8, feedForward: 'gated-gelu', relativeBuckets: 8, maxDistance: 16, tables: 'apart' },
      ...{ head: 'own', softmax: 'all', cuts: 'last', dropout: 0.1 },
    },
    objective: { kind: 'full-softmax', temperature: 1 },
    windows: undefined,
  },
  stairs: { optimizer: { learningRate: 1e-3, schedule: { kind: 'stairs', every: 2, factor: 0.5 } } },
};
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
  // Of one feature, in a list: with the transforms.
  ...['width', 'table', 'encode', 'minCount', 'buckets', 'maxLength', 'cross'],
]);

beforeAll(async () => {
  await useBackend('cpu');
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
  return validate(recipeConfigSchema(), { ...small, model, training, ...variants[name] });
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

test.each(Object.keys(variants))(
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

test('the variants name every key of the schema', async () => {
  const named = new Set<string>();
  for (const name of Object.keys(variants))
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
    await useBackend('cpu');
  }
});
