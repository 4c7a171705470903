import { ConfigError } from '../errors.ts';
import { groupsOf, prefixKey } from './codes/unique-codes.ts';
import type { SemanticIds } from './fit.ts';
import type { Codes } from './tokenizers/tokenizer.ts';
import type { Rows } from './vectors/rows.ts';

/**
 * Codes of further items by frozen codebooks; those of the items before stay as they are. With a counter a new item
 * counts on in its group, else it takes the nearest last code that is free.
 *
 * @param vectors of the new items alone, in the space of the fit.
 * @returns codes of all items, the new ones last.
 * @throws ConfigError for ids without codebooks, and where no last code is free.
 */
export async function appendItems(
  { codes, hasCounter, codebooks }: Pick<SemanticIds, 'codes' | 'hasCounter' | 'codebooks'>,
  vectors: Rows,
): Promise<Codes> {
  if (codebooks.encode === undefined)
    throw new ConfigError(
      'semantic ids: expected codebooks that give new items codes; got codes that stand for no vector',
      'ids',
    );
  const added = await codebooks.encode(vectors);
  const levels = codes.sizes.length;
  const [before, count] = [codes.count, codes.count + added.count];
  const values = new Int32Array(count * levels);
  values.set(codes.values);
  const sizes = [...codes.sizes];
  const free = hasCounter ? undefined : codebooks.lastDistances?.(vectors, added);
  const groups = groupsOf(codes, levels - 1);
  for (let r = 0; r < added.count; r++) {
    const own = added.values.subarray(r * added.sizes.length, (r + 1) * added.sizes.length);
    const at = (before + r) * levels;
    values.set(own.subarray(0, levels - 1), at);
    const key = prefixKey({ count, sizes, values }, before + r, levels - 1);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    const taken = new Set(group.map((row) => values[row * levels + levels - 1]));
    let last = 0;
    if (hasCounter) {
      while (taken.has(last)) last++;
      sizes[levels - 1] = Math.max(sizes[levels - 1], last + 1);
    } else last = nearestFree(own[levels - 1], taken, free?.(r), key);
    values[at + levels - 1] = last;
    group.push(before + r);
  }
  return { count, sizes, values };
}

function nearestFree(
  wanted: number,
  taken: ReadonlySet<number>,
  squares: Float64Array | undefined,
  prefix: string,
): number {
  if (!taken.has(wanted)) return wanted;
  let best = -1;
  for (let k = 0; k < (squares?.length ?? 0); k++)
    if (!taken.has(k) && (best < 0 || squares![k] < squares![best])) best = k;
  if (best < 0)
    throw new ConfigError(
      `semantic ids: expected a free last code for a new item with the codes ${prefix} before it; got ${taken.size} that are all taken; fit ids with a counter, or with more codes`,
      'ids.collisions',
    );
  return best;
}
