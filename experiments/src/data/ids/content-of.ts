import type { Interactions } from '@seqrec/data';
import { idVectors, type Rows, readsVectors, type StoredIds, vectorsThatNewItemsLack } from '@seqrec/models';
import { ConfigError } from '../../errors.ts';
import { readVectors } from './read-vectors.ts';

/**
 * The vectors of content that ids were made from, again from what the ids have kept: row `i` is item `i + 1`.
 *
 * @param wanted of what key, for what, and what to take instead, for the message.
 * @throws ConfigError for ids that were made from no vectors, or from those of behaviour.
 */
export async function contentOf(
  { config, vectors }: Pick<StoredIds, 'config' | 'vectors'>,
  interactions: Interactions,
  { key, use, hint }: { readonly key: string; readonly use: string; readonly hint: string },
): Promise<Rows> {
  const { tokenizer } = config;
  const got = readsVectors(tokenizer)
    ? vectorsThatNewItemsLack(config.vectors)?.kind
    : `the tokenizer '${tokenizer.kind}', which reads none`;
  if (got === undefined) return idVectors({ ...config, readFile: readVectors }, vectors, interactions);
  throw new ConfigError(`${key}: expected ids that are made from vectors of content, for ${use}; got ${got}`, hint);
}
