import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { checkActionRows } from './action-masks.ts';
import { type HstuRankerConfig, hstuRankerConfigSchema } from './config.ts';
import { createHstuRanker } from './hstu-ranker.ts';

/** HSTU over a history and the candidates of a request. */
export const hstuRanker = {
  kind: 'hstu-ranker',
  can: ['rank'],
  schema: hstuRankerConfigSchema,
  create: ofRows(createHstuRanker),
  checkRows: checkActionRows,
} as const satisfies ModelDefinition<HstuRankerConfig>;
