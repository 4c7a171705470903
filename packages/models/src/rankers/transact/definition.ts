import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type TransactConfig, transactConfigSchema } from './config.ts';
import { checkTransactRows, createTransact } from './transact.ts';

/** TransAct. */
export const transact = {
  kind: 'transact',
  can: ['rank'],
  schema: transactConfigSchema,
  create: ofRows(createTransact),
  checkRows: checkTransactRows,
  storesTables: true,
} as const satisfies ModelDefinition<TransactConfig>;
