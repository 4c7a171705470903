import type { Interactions } from '@seqrec/data';
import { idVectors, type Rows, readsVectors } from '@seqrec/models';
import { ConfigError } from '../errors.ts';
import type { CodedItems } from './coded-items.ts';
import { readVectors } from './ids/read-vectors.ts';

/**
 * Codes with the vectors that their ids were made from, again from what the ids have kept, where a model is to read
 * them: row `i` is item `i + 1`.
 *
 * @throws ConfigError for ids that were made from no vectors, or from those of behaviour.
 */
export async function withContent(coded: CodedItems, interactions: Interactions): Promise<CodedItems> {
  const { dense, ids } = coded;
  if (dense === undefined || dense.vectors === 'table') return coded;
  return { ...coded, content: await contentOf(ids, interactions, dense.vectors) };
}

async function contentOf(
  { config, vectors }: CodedItems['ids'],
  interactions: Interactions,
  asked: string,
): Promise<Rows> {
  const behaviour = config.vectors.find(({ kind }) => kind === 'behaviour');
  const got = readsVectors(config.tokenizer)
    ? behaviour?.kind
    : `the tokenizer '${config.tokenizer.kind}', which reads none`;
  if (got === undefined) return idVectors({ ...config, readFile: readVectors }, vectors, interactions);
  throw new ConfigError(
    `task.dense.vectors: expected ids that are made from vectors of content, for ${asked}; got ${got}`,
    'take table, or other vectors of task.ids',
  );
}
