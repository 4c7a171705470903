import { modelConfigSchema } from '@seqrec/models';
import { z } from 'zod';

const count = z.int().positive();
const rate = z.number().min(0).lt(1);

/** How events are filtered and split; the window is `model.maxSequenceLength`. */
const preparation = {
  /** `train-test` is the reference's protocol: no validation set, the test set is evaluated while training. */
  split: z.enum(['leave-last-out', 'train-test', 'global-time']),
  /** Keep only ratings of at least this value. */
  minRating: z.number().optional(),
  /** Drop users and items with fewer events than this, until none are left to drop. */
  kCore: count.optional(),
};

const MovieLensConfig = z.strictObject({
  format: z.literal('movielens'),
  name: z.enum(['ml-100k', 'ml-1m', 'ml-20m', 'ml-latest-small']),
  ...preparation,
});

const AmazonConfig = z.strictObject({
  format: z.literal('amazon'),
  /** A folder or file in the published layout. */
  path: z.string().min(1),
  ...preparation,
});

const CsvConfig = z.strictObject({
  format: z.literal('csv'),
  /** A file with one event a line and a header line; `.gz` and `.zip` are read as they are. */
  path: z.string().min(1),
  delimiter: z.string().length(1).optional(),
  columns: z.strictObject({
    user: z.string().min(1),
    item: z.string().min(1),
    timestamp: z.string().min(1),
    rating: z.string().min(1).optional(),
  }),
  /** Count and report rows that cannot be read instead of stopping at the first. */
  lenient: z.boolean().optional(),
  ...preparation,
});

const SyntheticConfig = z.strictObject({
  format: z.literal('synthetic'),
  records: count,
  items: count,
  categories: count,
  /** Events in a record; the last one is the target. */
  recordLength: z.int().min(2),
  /** Seed of the world, not of the training. */
  seed: z.int().min(0),
});

export const DataConfigSchema = z.discriminatedUnion('format', [
  MovieLensConfig,
  AmazonConfig,
  CsvConfig,
  SyntheticConfig,
]);

/** Everything that decides a run. Two runs with equal configurations and data digests have equal weights. */
export const RecipeConfigSchema = z.strictObject({
  data: DataConfigSchema,
  model: modelConfigSchema,
  objective: z.strictObject({
    /** Sampled negatives for each position. */
    numNegatives: count,
    temperature: z.number().positive(),
  }),
  optimizer: z.strictObject({
    learningRate: z.number().positive(),
    beta1: rate,
    beta2: rate,
    weightDecay: z.number().min(0),
  }),
  training: z.strictObject({
    epochs: count,
    batchSize: count,
    /** `shuffle`: a new order every epoch. `stored`: the order of the data set, for one pass over a stream. */
    order: z.enum(['shuffle', 'stored']),
    /** Evaluate every so many epochs, and after the last. */
    evaluateEvery: count,
  }),
  evaluation: z.strictObject({
    /** Cut-offs of HR@k and NDCG@k. */
    ks: z.array(count).min(1),
    batchSize: count,
    /** Leave items of the history out of the ranking. */
    excludeSeen: z.boolean(),
    /** The metric that chooses `best.safetensors`; larger is better. */
    selectBy: z.string().regex(/^(HR|NDCG)@\d+$|^MRR$/, 'expected HR@k, NDCG@k or MRR'),
    baselines: z.array(z.enum(['popularity', 'item-knn'])),
  }),
  seed: z.int().min(0),
});

export type DataConfig = z.output<typeof DataConfigSchema>;
export type RecipeConfig = z.output<typeof RecipeConfigSchema>;
