import type { ModelDefinition } from '../../definition.ts';
import { type DssmConfig, dssmConfigSchema, dssmWidths } from './config.ts';
import { checkDssmRows, createDssm } from './dssm.ts';
import { dssmFlops } from './flops.ts';

/** DSSM. */
export const dssm = {
  kind: 'dssm',
  can: ['encode', 'towers', 'rank'],
  schema: dssmConfigSchema,
  create: createDssm,
  checkRows: checkDssmRows,
  widths: dssmWidths,
  flops: dssmFlops,
} as const satisfies ModelDefinition<DssmConfig>;
