import { canonicalInteger, type ExternalIds } from '../interner.ts';
import type { FloatIds } from './float-ids.ts';

/** How many pairs a note shows. */
const EXAMPLES = 3;

export interface TidyIds {
  readonly ids: ExternalIds;
  /** Sentences for people, where something about the ids looks odd. */
  readonly notes: readonly string[];
}

/**
 * Ids as a program meant them: where all are integers written as `35.0` (a column of pandas that once missed a value)
 * they are read as integers. So are those that are left where `floats` has read others as the integers of a file. Ids
 * that differ by `.0` or leading zeros alone are left as they are, and told.
 */
export function tidyIds(of: 'user' | 'item', ids: ExternalIds, floats?: FloatIds): TidyIds {
  if (ids.kind === 'integer') return { ids, notes: [] };
  const known = floats?.example !== undefined;
  const integers = ids.values.map((id) => {
    if (/^\d+\.0$/.test(id) && floats?.isKey(id) !== true) return canonicalInteger(id.slice(0, -2));
    return known ? canonicalInteger(id) : -1;
  });
  const distinct = !known || new Set(integers).size === integers.length;
  if (distinct && integers.every((value) => value >= 0)) {
    const written = ids.values.find((id) => id.endsWith('.0'));
    const notes = [`All ${of} ids are integers written as ${written}, and are read as integers.`];
    return { ids: { kind: 'integer', values: Float64Array.from(integers) }, notes: known ? [] : notes };
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
