import { z } from 'zod';
import { positive, size } from '../config/fields.ts';
import { behaviour, codes, file, levels, width } from './shared-config.ts';
import { quantiserGradients } from './tokenizers/rq-vae.ts';
import { lossReductions } from './tokenizers/rq-vae-loss.ts';
import { LEAST_EPSILON } from './tokenizers/sinkhorn.ts';

const assignment = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('nearest') }).describe('The nearest code.'),
  z
    .strictObject({
      kind: z.literal('sinkhorn'),
      epsilon: z
        .number()
        .min(LEAST_EPSILON)
        .max(1000)
        .default(LEAST_EPSILON)
        .describe('How soft the plan is, of distances between -1 and 1: the smaller, the nearer to the cheapest plan.'),
      iterations: size.max(10_000).default(50).describe('Scalings of the rows and columns of the plan.'),
      levels: z.enum(['last', 'all']).default('last').describe('Whose codes are balanced; others take the nearest.'),
    })
    .describe('Codes of which none has many more items than another: by a plan of transport, `Q = exp(-d / epsilon)`.'),
]);

const diversity = z.strictObject({
  weight: positive.describe('Weight of the loss; the authors of LETTER try 1e-5 to 1e-2, with means.'),
  clusters: size
    .min(2)
    .max(4096)
    .default(10)
    .describe('Clusters of alike size that the codes of a level are in, anew before each epoch.'),
});

const collaborative = z.strictObject({
  weight: positive.describe('Weight of the loss; the authors of LETTER try 1e-3 to 1e-1, with means.'),
  vectors: z
    .discriminatedUnion('kind', [
      behaviour.omit({ width: true }).describe('SPPMI of neighbours in training histories, `tokenizer.width` wide.'),
      file,
    ])
    .prefault({ kind: 'behaviour' })
    .describe('Vectors of behaviour, `tokenizer.width` wide; new items need none.'),
});

/** Settings of a residual-quantised autoencoder. */
export const rqVaeSchema = z
  .strictObject({
    kind: z.literal('rq-vae'),
    ...{ levels, codes },
    hiddenSizes: z
      .array(size.max(16_384))
      .max(16)
      .default([512, 256, 128])
      .describe('Widths of the hidden layers of the encoder; the decoder has them in the other order.'),
    width: width.default(64).describe('Width of what is quantised.'),
    commitment: z.number().min(0).default(0.25).describe('Weight of what draws the encoder to its codes.'),
    gradient: z
      .enum(quantiserGradients)
      .default('straight-through')
      .describe(
        'What the encoder is told of the decoder: its gradient as it is, or turned and scaled from the codes to what they stand for.',
      ),
    projected: z
      .boolean()
      .default(false)
      .describe('A codebook is a table times a trained map of its level, so that a step moves all codes (SimVQ).'),
    normalize: z
      .boolean()
      .default(false)
      .describe('Divide what the encoder makes, and the codes of the first level, by their lengths.'),
    assignment: assignment
      .prefault({ kind: 'nearest' })
      .describe('Which code a row gets, in training and at the end; items that come later take the nearest.'),
    reduction: z
      .enum(lossReductions)
      .default('sum')
      .describe('Whether losses are sums over dimensions and levels, or means, as in LETTER.'),
    diversity: diversity
      .optional()
      .describe('Loss that draws codes of a cluster together and others apart (LETTER); default: none.'),
    collaborative: collaborative
      .optional()
      .describe('Loss by which what stands for an item tells its vector of behaviour (LETTER); default: none.'),
    epochs: size.max(1_000_000).default(1000).describe('Epochs at most.'),
    batchSize: size.default(2048).describe('Items of a step.'),
    learningRate: positive.default(1e-3).describe('Of AdamW.'),
    weightDecay: z.number().min(0).default(0.01).describe('Of AdamW.'),
    patience: size.max(1_000_000).default(50).describe('Epochs without a better reconstruction after which it ends.'),
  })
  .refine(({ codes: own, diversity: loss }) => loss === undefined || own >= 2 * loss.clusters, {
    path: ['diversity', 'clusters'],
    message: 'expected at most half as many clusters as codes',
  })
  .describe('RQ-VAE: an autoencoder whose middle is quantised level by level; `standardise` suits it.');
