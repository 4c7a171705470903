import type { ExampleSet } from '@seqrec/data';

/**
 * Whose items are no candidates: `true`, those of the (windowed) history, which the model reads, as in the code of Zhai
 * et al.; `all`, those of every event of the user before the target, as in RecTools and "Time to Split", which differs
 * where histories are cut; `false`, nobody's. The target always is one.
 */
export type ExcludeSeen = boolean | 'all';

export const DEFAULT_EXCLUDE_SEEN: ExcludeSeen = true;

/** What a printed definition says. */
export function excludeSeenInWords(rule: ExcludeSeen): string {
  if (rule === false) return 'Items of the history stay candidates.';
  return `Items of ${rule === 'all' ? 'all events of the user before the query' : 'the (windowed) history'} are taken out of the candidates; the target never is.`;
}

/** The events whose items are no candidates when the event at index `target` is to be predicted: from, and up to. */
export function seenEvents(
  { starts, users, interactions: { userOffsets } }: Pick<ExampleSet, 'starts' | 'users' | 'interactions'>,
  example: number,
  target: number,
  rule: ExcludeSeen,
): readonly [number, number] {
  if (rule === false) return [target, target];
  return [rule === 'all' ? userOffsets[users[example]] : starts[example], target];
}
