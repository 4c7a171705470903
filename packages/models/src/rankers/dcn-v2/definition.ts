import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { type DcnV2Config, dcnV2ConfigSchema } from './config.ts';
import { createDcnV2 } from './dcn-v2.ts';

/** DCN-V2. */
export const dcnV2 = {
  kind: 'dcn-v2',
  can: ['rank'],
  schema: dcnV2ConfigSchema,
  create: ofRows(createDcnV2),
  storesTables: true,
} as const satisfies ModelDefinition<DcnV2Config>;
