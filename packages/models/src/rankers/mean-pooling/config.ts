import { z } from 'zod';
import { crossLayersFit, sequenceRankerFields } from '../sequence/config.ts';

/** Configuration of {@link createMeanPooling}. */
export const meanPoolingConfigSchema = z
  .strictObject({ kind: z.literal('mean-pooling'), ...sequenceRankerFields })
  .refine(...crossLayersFit)
  .describe('The mean of the vectors of the history beside the fields of the row.');

export type MeanPoolingConfig = z.output<typeof meanPoolingConfigSchema>;
export type MeanPoolingConfigInput = z.input<typeof meanPoolingConfigSchema>;
