import { z } from 'zod';
import { count, rate, temperature } from '../config/fields.ts';

const minRating = {
  minRating: z
    .number()
    .optional()
    .describe(
      'Only events rated at least this are positives; the others stay in the history. Default: every event is one.',
    ),
};
const cut = z
  .enum(['last', 'random'])
  .describe(
    'Where the history of a sequence ends. `last`: at the newest event of the window. `random`: at a random event, drawn anew in every step; later events are labels only, so that the newest position sees many histories.',
  );
const window = {
  windowDays: z.number().gt(0).max(36_525).default(28).describe('Days after an event in which its labels lie, `K`.'),
  maxLabels: count.default(32).describe('Labels of a sequence in one step, at most.'),
};

/** Which events a user vector has to predict. */
export const labelsConfigSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('next-item'), ...minRating })
    .describe('Every position predicts the event after it.'),
  z
    .strictObject({ kind: z.literal('sasrec'), cut: cut.default('last'), ...minRating })
    .describe('Every position predicts the next positive after it; the newest weighs as much as all others together.'),
  z
    .strictObject({ kind: z.literal('next-action'), cut: cut.default('last'), ...minRating })
    .describe('The newest position predicts the next positive.'),
  z
    .strictObject({ kind: z.literal('all-action'), cut: cut.default('random'), ...window, ...minRating })
    .describe(
      "The newest position predicts random positives of the next days; with cut `last` only the window's target can be one.",
    ),
  z
    .strictObject({ kind: z.literal('dense-all-action'), cut: cut.default('last'), ...window, ...minRating })
    .describe('Random positions each predict one random positive of the days after them.'),
  z
    .strictObject({
      kind: z.literal('masked'),
      probability: z
        .number()
        .gt(0)
        .max(1)
        .default(0.2)
        .describe('Chance of each event but the first to be hidden, drawn anew in every step.'),
      lastOnly: rate
        .default(0)
        .describe('Share of the sequences of a step in which the last event alone is hidden, as it is in use.'),
      ...minRating,
    })
    .describe(
      'Random events are hidden and have to be filled in, from those before and after them: BERT4Rec, Sun et al. 2019. For models with attention in both directions.',
    ),
]);

const shared = {
  labels: labelsConfigSchema.default({ kind: 'next-item' }).describe('Which events a user vector has to predict.'),
  weighting: z
    .enum(['token', 'user'])
    .default('token')
    .describe('`token`: every pair of position and label counts the same. `user`: every user does.'),
  actionWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Share of the loss that predicts the action of every event from its item and what came before it, cross-entropy over the ids of the ratings; the rest is this objective. 1 trains ranking alone. For models with interleaved actions.',
    ),
  temperature: temperature
    .default(0.05)
    .describe('Divides the cosines; where it starts, when the model learns its temperature.'),
};

const negativeItems = z
  .enum(['all', 'trained'])
  .optional()
  .describe(
    'What negatives are drawn from: `all` items (default), or those with a training event. Items without one are never right in training; as negatives they would teach the features that they share to be wrong.',
  );

const sampledSoftmax = z
  .strictObject({
    // Absent in configurations from before there were others.
    kind: z.literal('sampled-softmax').optional(),
    numNegatives: count.default(128).describe('Negatives of each pair, its own uniform draws.'),
    negativeItems,
    ...shared,
  })
  .describe('Cross-entropy of the label against negatives of its own.');

const sketch = z.strictObject({
  depth: z
    .int()
    .min(1)
    .max(4)
    .default(4)
    .describe(
      'Rows of the sketch: estimates err by more than `e / width` of all counts with probability `exp(-depth)`.',
    ),
  width: z
    .int()
    .min(1)
    .max(2 ** 26)
    .default(2 ** 16)
    .describe('Counters of a row of the sketch.'),
});

const labelsOfBatch = count.default(5000).describe('Labels of the batch in the pool, at most.');
const draws = count.default(8192).describe('Uniform draws in the pool.');

const poolSoftmaxFields = z.strictObject({
  kind: z.literal('pool-softmax'),
  negatives: z
    .discriminatedUnion('kind', [
      z
        .strictObject({
          kind: z.literal('in-batch'),
          inBatch: labelsOfBatch,
        })
        .describe('The labels of all pairs of the batch.'),
      z
        .strictObject({
          kind: z.literal('random'),
          random: draws,
        })
        .describe('Uniform draws.'),
      z
        .strictObject({
          kind: z.literal('mixed'),
          inBatch: labelsOfBatch,
          random: draws,
        })
        .describe('Both.'),
    ])
    .default({ kind: 'mixed', inBatch: 5000, random: 8192 })
    .describe('What the one pool of negatives of a batch holds.'),
  logQ: z
    .enum(['none', 'exact', 'sketch'])
    .default('exact')
    .describe(
      'Subtracts from a logit the log of the expected number of times that an item is in the pool: from exact counts, or from a sketch.',
    ),
  logQForm: z
    .enum(['both', 'negatives', 'corrected'])
    .optional()
    .describe(
      'What the correction of `logQ` is subtracted from: `both`, the label and the negatives (default); the `negatives` alone; `corrected`, the negatives of a proposal without the label, which the loss then weighs by how wrong the model is. The last is no likelihood: its gradient alone means something.',
    ),
  sketch: sketch.optional().describe('Size of the count-min sketch, for logQ `sketch` alone.'),
  negativeItems,
  ...shared,
});
const poolSoftmax = poolSoftmaxFields
  .refine(({ logQ, sketch }) => sketch === undefined || logQ === 'sketch', {
    path: ['sketch'],
    message: "its size only when logQ is 'sketch'",
  })
  .refine(({ logQ, logQForm }) => logQForm === undefined || logQ !== 'none', {
    path: ['logQForm'],
    message: "it only with a correction; set logQ to 'exact' or 'sketch', or leave it out",
  })
  .refine(({ negatives, negativeItems: from }) => from === undefined || negatives.kind !== 'in-batch', {
    path: ['negativeItems'],
    message: 'it only where random negatives are drawn: those of a batch are its labels',
  })
  .describe('Cross-entropy of the label against one pool of negatives of the whole batch.');

const binary = {
  ownLabels: z
    .enum(['masked', 'kept'])
    .default('masked')
    .describe(
      'A negative that the user has as a label in the batch: `masked`, it adds nothing, though divisors stay; `kept`, it counts as any other.',
    ),
};

const fullSoftmax = z
  .strictObject({ kind: z.literal('full-softmax'), ...shared })
  .describe('Cross-entropy of the label against all items.');

const bce = z
  .strictObject({
    kind: z.literal('bce'),
    numNegatives: count.default(1).describe('Negatives of each pair, its own uniform draws.'),
    negativeItems,
    ...binary,
    divisor: z
      .enum(['negatives', 'all'])
      .default('negatives')
      .describe(
        'What sums are divided by: `negatives`, their number below that of the negatives alone, so that the label weighs as much as all of them; `all`, the label and its negatives together.',
      ),
    ...shared,
  })
  .describe('Binary cross-entropy of the label and of its negatives.');

const gbce = z
  .strictObject({
    kind: z.literal('gbce'),
    numNegatives: count.default(256).describe('Negatives of each pair, its own uniform draws.'),
    negativeItems,
    t: z
      .number()
      .min(0)
      .max(1)
      .default(0.75)
      .describe(
        'How far the loss of the label is calibrated for the share of items that are drawn: 0 is binary cross-entropy, 1 gives the probabilities of drawing all items.',
      ),
    ...binary,
    ownLabels: binary.ownLabels.default('kept'),
    ...shared,
  })
  .describe('Binary cross-entropy whose label is calibrated for sampling: the mean over the label and its negatives.');

const sce = z
  .strictObject({
    kind: z.literal('sce'),
    buckets: count
      .optional()
      .describe('Buckets of a batch. Default: twice the root of its pairs, as the authors have it.'),
    bucketPairs: count
      .optional()
      .describe('Pairs of a bucket, at most. Default: twice the root of the pairs of the batch.'),
    bucketItems: count.default(256).describe('Items of a bucket, at most.'),
    mix: z
      .boolean()
      .default(true)
      .describe('Whether centres of buckets are random mixtures of the user vectors of the batch, or random vectors.'),
    average: z
      .enum(['covered', 'all'])
      .default('covered')
      .describe('What the loss is a mean over: the pairs in a bucket, or all pairs, those in none with a loss of 0.'),
    ...shared,
  })
  .describe('Cross-entropy of the label against items of the buckets that it is in: scalable cross-entropy.');

/**
 * The objectives of this package; `kind` says which, a sampled softmax when absent. `knownObjectiveSchema` has those
 * that were defined since as well.
 */
export const objectiveConfigSchema = z.discriminatedUnion('kind', [
  sampledSoftmax,
  poolSoftmax,
  fullSoftmax,
  bce,
  gbce,
  sce,
]);

export type LabelsConfig = z.output<typeof labelsConfigSchema>;
export type ObjectiveConfig = z.output<typeof objectiveConfigSchema>;
export type ObjectiveConfigInput = z.input<typeof objectiveConfigSchema>;
export type SampledSoftmaxConfig = z.output<typeof sampledSoftmax>;
export type PoolSoftmaxConfig = z.output<typeof poolSoftmax>;
export type FullSoftmaxConfig = z.output<typeof fullSoftmax>;
export type BceConfig = z.output<typeof bce>;
export type GbceConfig = z.output<typeof gbce>;
export type SceConfig = z.output<typeof sce>;

/** By kind. */
export const objectiveSchemas = {
  'sampled-softmax': sampledSoftmax,
  'pool-softmax': poolSoftmax,
  'full-softmax': fullSoftmax,
  bce,
  gbce,
  sce,
} as const;

/** The kinds of objective of this package. */
export type ObjectiveKind = keyof typeof objectiveSchemas;
