import { z } from 'zod';
import { size } from '../../config/fields.ts';
import { crossLayersFit, sequenceRankerFields } from '../sequence/config.ts';
import { retrievalMasks } from '../sequence/retrieval.ts';

/** What `sim` and `eta` have. */
export const retrievalFields = {
  ...sequenceRankerFields,
  shortEvents: z.int().min(2).max(4096).default(10).describe('Newest events that the item asks whatever they are.'),
  topK: z.int().min(1).max(4096).default(10).describe('Events of the whole history that are found for the item.'),
  attentionDim: size.default(64).describe('Width of queries, keys and values of both attentions, of all heads.'),
  numHeads: z.int().min(1).max(256).default(2).describe('Heads of both; they divide `attentionDim`.'),
  mask: z
    .enum(retrievalMasks)
    .default('events')
    .describe(
      '`events`: what is taken are events alone. `fuxictr`: as there, padding among them, and the short window one event late.',
    ),
};

/** For a schema's `refine`. */
export const headsFit = [
  ({ attentionDim, numHeads }: { readonly attentionDim: number; readonly numHeads: number }): boolean =>
    attentionDim % numHeads === 0,
  { path: ['numHeads'], message: 'a divisor of attentionDim' },
] as const satisfies readonly [unknown, { path: string[]; message: string }];

/** Configuration of {@link createEta}. */
export const etaConfigSchema = z
  .strictObject({
    kind: z.literal('eta'),
    ...retrievalFields,
    hashBits: z.int().min(1).max(1024).default(32).describe('Bits of the hash of an event and of the item.'),
    hashSeed: z
      .int()
      .min(0)
      .default(0)
      .describe('Seed of the directions whose signs the bits are; they are not trained.'),
  })
  .refine(...crossLayersFit)
  .refine(...headsFit)
  .describe('ETA, Chen et al. 2021: the item asks the newest events, and those of the nearest hash.');

export type EtaConfig = z.output<typeof etaConfigSchema>;
export type EtaConfigInput = z.input<typeof etaConfigSchema>;
