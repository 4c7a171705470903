import type { StoredIds } from '@seqrec/models';
import { RunError } from '../errors.ts';

/** How many of the items with equal first codes are named. */
const NAMED = 10;

/** The codes of an item, and by how many of them others begin alike. */
export function showItem({ items, codes }: StoredIds, item: string): string {
  const row = items.indexOf(item);
  if (row < 0)
    throw new RunError(`expected an item of the ids; got "${item}"; they have ${items.length}, such as ${items[0]}`);
  const levels = codes.sizes.length;
  const own = codes.values.subarray(row * levels, (row + 1) * levels);
  const shared = items.map((_, other) => {
    let depth = 0;
    while (depth < levels && codes.values[other * levels + depth] === own[depth]) depth++;
    return depth;
  });
  const said = Array.from({ length: levels - 1 }, (_, l) => {
    const depth = levels - 1 - l;
    const others = items.filter((_, other) => other !== row && shared[other] === depth);
    const named = others.slice(0, NAMED).join(', ');
    const more = others.length > NAMED ? `, and ${others.length - NAMED} more` : '';
    return `first ${depth} alike: ${others.length === 0 ? 'none' : `${named}${more}`}`;
  });
  return [`${item}: ${own.join(' ')}`, ...said].join('\n');
}
