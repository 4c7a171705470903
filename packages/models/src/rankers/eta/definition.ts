import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type EtaConfig, etaConfigSchema } from './config.ts';
import { createEta } from './eta.ts';

/** ETA. */
export const eta = {
  kind: 'eta',
  can: ['rank'],
  schema: etaConfigSchema,
  create: ofRows(createEta),
  storesTables: true,
} as const satisfies ModelDefinition<EtaConfig>;
