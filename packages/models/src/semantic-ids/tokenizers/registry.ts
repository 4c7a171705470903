import { z } from 'zod';
import { Definitions } from '../../config/definitions.ts';
import { type TokenizerConfig, type TokenizerConfigInput, tokenizerSchemas } from '../config.ts';
import type { TokenizerDefinition } from './definition.ts';
import { ownTokenizers } from './definitions.ts';

const definitions = new Definitions<TokenizerDefinition<never>>(
  { define: 'defineTokenizer', what: 'tokenizer', place: 'ids.tokenizer' },
  ownTokenizers,
);

/**
 * Makes a kind of tokenizer known: semantic ids and, through a plug-in, the command line take it from then on. The
 * tokenizers of this package use the same door.
 *
 * @throws ConfigError for a kind that is known already, a name that is none, or a schema that is not of this kind.
 */
export function defineTokenizer<C extends { readonly kind: string }>(definition: TokenizerDefinition<C>): void {
  definitions.define(definition as unknown as TokenizerDefinition<never>);
}

/** The kinds of tokenizer that semantic ids know, in the order of definition. */
export function tokenizerKinds(): readonly string[] {
  return definitions.kinds;
}

/** Whether a tokenizer is of this package: those of others may change while they are written. */
export function isOwnTokenizer({ kind }: { readonly kind: string }): boolean {
  return Object.hasOwn(tokenizerSchemas, kind);
}

/** The definition of the kind that a configuration names. @throws ConfigError for a kind that is not known. */
export function tokenizerDefinition(config: { readonly kind: string }): TokenizerDefinition {
  // Of configurations of its kind, which its schema makes sure of.
  return definitions.of(config) as unknown as TokenizerDefinition;
}

/** The schema of the configurations of all tokenizers that are known by now. */
export function knownTokenizerSchema(): z.ZodType<TokenizerConfig, TokenizerConfigInput> {
  return z.discriminatedUnion('kind', definitions.all.map(({ schema }) => schema) as never) as never;
}

/** Whether a tokenizer makes codes of vectors of the items. */
export function readsVectors(config: { readonly kind: string }): boolean {
  return tokenizerDefinition(config).readsVectors ?? true;
}
