import { z } from 'zod';
import { Definitions } from '../../config/definitions.ts';
import type { VectorsConfig, VectorsConfigInput } from '../config.ts';
import type { ItemVectorsDefinition } from './definition.ts';

// Those of this package are defined by `own-vectors.ts`: no page carries what makes vectors.
const definitions = new Definitions<ItemVectorsDefinition<never>>(
  { define: 'defineItemVectors', what: 'vectors of items', place: 'ids.vectors' },
  [],
);

/**
 * Makes a kind of vectors of items known: semantic ids and, through a plug-in, the command line take it from then on.
 *
 * @throws ConfigError for a kind that is known already, a name that is none, or a schema that is not of this kind.
 */
export function defineItemVectors<C extends { readonly kind: string }>(definition: ItemVectorsDefinition<C>): void {
  definitions.define(definition as unknown as ItemVectorsDefinition<never>);
}

/** The kinds of vectors of items that are known, in the order of definition. */
export function itemVectorKinds(): readonly string[] {
  return definitions.kinds;
}

/** The definition of the kind that a configuration names. @throws ConfigError for a kind that is not known. */
export function itemVectorsDefinition(config: { readonly kind: string }): ItemVectorsDefinition {
  // Of configurations of its kind, which its schema makes sure of.
  return definitions.of(config) as unknown as ItemVectorsDefinition;
}

/** The schema of the configurations of all vectors of items that are known by now. */
export function knownItemVectorsSchema(): z.ZodType<VectorsConfig, VectorsConfigInput> {
  return z.discriminatedUnion('kind', definitions.all.map(({ schema }) => schema) as never) as never;
}
