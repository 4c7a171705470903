import { canonicalInteger, type ExternalIds } from '../interner.ts';

/** How many pairs a note shows. */
const EXAMPLES = 3;

export interface TidyIds {
  readonly ids: ExternalIds;
  /** Sentences for people, where something about the ids looks odd. */
  readonly notes: readonly string[];
}

/**
 * Ids as a program meant them: where all are integers written as `35.0` (a column of pandas that once missed a value)
 * they are read as integers. Ids that differ by `.0` or leading zeros alone are left as they are, and told.
 */
export function tidyIds(of: 'user' | 'item', ids: ExternalIds): TidyIds {
  if (ids.kind === 'integer') return { ids, notes: [] };
  if (ids.values.every((id) => /^\d+\.0$/.test(id))) {
    const integers = ids.values.map((id) => canonicalInteger(id.slice(0, -2)));
    const notes = [`All ${of} ids are integers written as ${ids.values[0]}, and are read as integers.`];
    if (integers.every((value) => value >= 0)) {
      return { ids: { kind: 'integer', values: Float64Array.from(integers) }, notes };
    }
  }
  const alike = new Map<string, string[]>();
  for (const id of ids.values) {
    const bare = id.replace(/\.0$/, '').replace(/^0+(?=\d)/, '');
    const group = alike.get(bare);
    if (group === undefined) alike.set(bare, [id]);
    else group.push(id);
  }
  const groups = [...alike.values()].filter((group) => group.length > 1);
  if (groups.length === 0) return { ids, notes: [] };
  const shown = groups.slice(0, EXAMPLES).map((group) => group.map((id) => JSON.stringify(id)).join(' and '));
  return {
    ids,
    notes: [
      `${groups.length} pairs of ${of} ids differ by leading zeros or ".0" alone, and are taken for different ones: ${shown.join(', ')}${groups.length > EXAMPLES ? ', ...' : '.'}`,
    ],
  };
}
