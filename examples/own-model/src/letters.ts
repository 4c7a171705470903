import type { Interactions } from '@seqrec/data';
import type { ItemVectorsDefinition, Rows } from '@seqrec/models';
import { z } from 'zod';

const schema = z.strictObject({
  kind: z.literal('own/letters'),
  width: z.int().min(1).max(4096).default(64).describe('Width of the vectors: cells that pairs of letters fall into.'),
});

/** A cell for a pair of letters, the same on every machine (FNV-1a). */
function cellOf(pair: string, width: number): number {
  let hash = 2_166_136_261;
  for (const letter of pair) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16_777_619);
  return (hash >>> 0) % width;
}

/** How often each cell has a pair of neighbouring letters of a name, its ends included. */
export function pairsOf(name: string, width: number): Float64Array {
  const counts = new Float64Array(width);
  const letters = [...` ${name.toLowerCase()} `];
  for (let at = 1; at < letters.length; at++) counts[cellOf(letters[at - 1] + letters[at], width)]++;
  return counts;
}

/**
 * Vectors of items by the letters of their names: what is written alike is near. A service of sentence vectors would
 * stand here in the same way; nothing is fitted, so what `fit` makes is made again of items that come later.
 */
export const letters: ItemVectorsDefinition<z.output<typeof schema>> = {
  kind: 'own/letters',
  schema,
  fit: ({ width }, { interactions }) => ({ rows: rowsOf(interactions, width) }),
  again: ({ width }, _, interactions) => rowsOf(interactions, width),
};

function rowsOf({ items, numItems }: Interactions, width: number): Rows {
  const values = new Float64Array(numItems * width);
  for (let item = 1; item <= numItems; item++) values.set(pairsOf(items.external(item), width), (item - 1) * width);
  return { count: numItems, width, values };
}
