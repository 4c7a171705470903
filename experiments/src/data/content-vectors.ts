import type { Interactions } from '@seqrec/data';
import { readCheckpointState } from '@seqrec/models';
import type { CodedItems } from './coded-items.ts';
import { contentOf } from './ids/content-of.ts';

/**
 * Codes with the vectors of content of their items, where a model is to read them.
 *
 * @throws ConfigError for ids that were made from no vectors, or from those of behaviour.
 */
export async function withContent(coded: CodedItems, interactions: Interactions): Promise<CodedItems> {
  const { dense, ids } = coded;
  if (dense === undefined || dense.vectors === 'table') return coded;
  const hint = 'take table, or other vectors of task.ids';
  return {
    ...coded,
    content: await contentOf(ids, interactions, { key: 'task.dense.vectors', use: dense.vectors, hint }),
  };
}

/** {@link withContent} for a model whose weights come from a checkpoint, which has the vectors: no file is read. */
export async function withSavedContent(coded: CodedItems, checkpoint: string): Promise<CodedItems> {
  if (coded.dense === undefined) return coded;
  const { sizes } = await readCheckpointState(checkpoint);
  const width = sizes?.dense?.content;
  return width === undefined ? coded : { ...coded, content: { width } };
}
