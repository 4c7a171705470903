import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type TransactConfig, transactConfigSchema } from './config.ts';
import { createTransact } from './transact.ts';

/** TransAct. */
export const transact = {
  kind: 'transact',
  can: ['rank'],
  schema: transactConfigSchema,
  create: ofRows(createTransact),
  storesTables: true,
} as const satisfies ModelDefinition<TransactConfig>;
