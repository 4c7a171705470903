import { countsFromNewest } from '../../config/encoder-fields.ts';
import type { ModelDefinition } from '../../definition.ts';
import { blockSettings, headsOfWidth } from '../../study.ts';
import { type SasrecConfig, sasrecConfigSchema } from './config.ts';
import { sasrecFlops } from './flops.ts';
import { createSasrec } from './stack.ts';

/** SASRec. */
export const sasrec = {
  kind: 'sasrec',
  can: ['encode'],
  schema: sasrecConfigSchema,
  create: createSasrec,
  incremental: (config) =>
    config.seesPadding
      ? {
          refusal:
            "'sasrec' with seesPadding cannot: each event leaves less padding before all others; use recommend, which reads the whole history, or leave it out",
        }
      : countsFromNewest('sasrec', config),
  flops: sasrecFlops,
  study: {
    settings: (shape) => ({
      ...blockSettings(shape),
      numHeads: headsOfWidth(shape.width),
      outputLength: shape.outputLength,
      ffnDim: shape.width,
      ffnDropout: shape.dropout,
    }),
  },
} as const satisfies ModelDefinition<SasrecConfig>;
