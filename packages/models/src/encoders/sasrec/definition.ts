import type { ModelDefinition } from '../../definition.ts';
import { type SasrecConfig, sasrecConfigSchema } from './config.ts';
import { sasrecFlops } from './flops.ts';
import { createSasrec } from './stack.ts';

/** SASRec. */
export const sasrec = {
  kind: 'sasrec',
  can: ['encode'],
  schema: sasrecConfigSchema,
  create: createSasrec,
  flops: sasrecFlops,
} as const satisfies ModelDefinition<SasrecConfig>;
