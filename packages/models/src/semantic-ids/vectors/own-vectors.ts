import { type VectorsConfig, vectorsSchemas } from '../config.ts';
import type { ItemVectorsDefinition } from './definition.ts';
import { fitLsaOfItems, lsaOfItems } from './lsa-of-items.ts';
import { defineItemVectors } from './registry.ts';
import { behaviourVectors } from './sppmi.ts';

type Kind = VectorsConfig['kind'];
type ConfigOf<K extends Kind> = Extract<VectorsConfig, { readonly kind: K }>;

/** Whether vectors are of this package: those of others may change while they are written. */
export function isOwnItemVectors({ kind }: { readonly kind: string }): boolean {
  return Object.hasOwn(vectorsSchemas, kind);
}

define('lsa', {
  fit: (config, { interactions }, options) => fitLsaOfItems(config, interactions, options),
  again: lsaOfItems,
});
define('behaviour', {
  readsEvents: true,
  fit: ({ kind: _, ...options }, train, { seed }) => ({ rows: behaviourVectors(train, { ...options, seed }) }),
});
define('file', {
  fit: async (config, { interactions }, { readFile }) => ({ rows: await readFile(config, interactions) }),
  again: (config, _, interactions, { readFile }) => readFile(config, interactions),
});

function define<K extends Kind>(kind: K, about: Omit<ItemVectorsDefinition<ConfigOf<K>>, 'kind' | 'schema'>): void {
  defineItemVectors({ kind, schema: vectorsSchemas[kind], ...about } as unknown as ItemVectorsDefinition<ConfigOf<K>>);
}
