import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type SimConfig, simConfigSchema } from './config.ts';
import { createSim } from './sim.ts';

/** SIM. */
export const sim = {
  kind: 'sim',
  can: ['rank'],
  schema: simConfigSchema,
  create: ofRows(createSim),
  storesTables: true,
} as const satisfies ModelDefinition<SimConfig>;
