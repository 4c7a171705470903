import type { ModelDefinition } from '../../definition.ts';
import { ofRows } from '../ranker.ts';
import { createBst } from './bst.ts';
import { type BstConfig, bstConfigSchema } from './config.ts';

/** BST. */
export const bst = {
  kind: 'bst',
  can: ['rank'],
  schema: bstConfigSchema,
  create: ofRows(createBst),
  storesTables: true,
} as const satisfies ModelDefinition<BstConfig>;
