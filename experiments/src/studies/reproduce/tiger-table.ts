import type { TableReference } from './table.ts';

/** Of the tables of semantic ids. */
export const CODE_METRICS = ['HR@5', 'NDCG@5', 'HR@10', 'NDCG@10'] as const;

/** What stands in a published table, in the order of {@link CODE_METRICS}; undefined where it has no such figure. */
export function reference(
  name: string,
  figures: readonly (number | undefined)[],
  kind: TableReference['kind'] = 'published',
): TableReference {
  const given = CODE_METRICS.flatMap((metric, i) => (figures[i] === undefined ? [] : [[metric, figures[i]] as const]));
  return { name, kind, figures: Object.fromEntries(given) };
}

/** Semantic ids in the place of the recipe's, as a change of a row. */
export function withIds(ids: object) {
  return [{ key: 'task.ids', text: JSON.stringify(ids) }];
}

export const CODE_NOTES = [
  'The last event of every user tests, the one before validates; all items are ranked but those of the history; events of one day are in random order.',
  'A decoder-only Transformer writes the codes, where a row does not say otherwise; the published rows are of an encoder and a decoder. A target that 20 beams do not find is a miss.',
  'Published rows are of preparations of their own: in which order they had the events of one day is mostly not recorded.',
] as const;

export const TIGER_SOURCE = 'Rajput et al. 2023 (TIGER, arXiv:2305.05065), table 1, and public implementations of it';
