import type { Interactions } from '@seqrec/data';
import { UsageError } from '../../errors.ts';
import { suggestion } from '../../suggest.ts';
import type { NamedItem } from '../folder/results.ts';

/**
 * Items written as `id,id,...`; an entry may also be a title. Titles hold commas themselves, so the longest run of
 * entries that names an item is taken.
 *
 * @param option who asks, for messages. @throws UsageError for what is neither, and for a title that several items have
 */
export function itemsFromText(interactions: Interactions, text: string, option: string): number[] {
  const parts = text.split(',').map((part) => part.trim());
  const items: number[] = [];
  for (let at = 0; at < parts.length; ) {
    const found = longestName(interactions, parts, at, option);
    items.push(found.item);
    at += found.parts;
  }
  return items;
}

export function nameItem(interactions: Interactions, item: number): NamedItem {
  const title = interactions.catalogue?.title(item);
  return { item: interactions.items.external(item), ...(title !== undefined && { title }) };
}

function longestName(
  interactions: Interactions,
  parts: readonly string[],
  at: number,
  option: string,
): { item: number; parts: number } {
  for (let end = Math.min(parts.length, at + 6); end > at; end--) {
    const name = parts.slice(at, end).join(', ');
    const item = interactions.items.dense(name) ?? itemByTitle(interactions, name, option);
    if (item !== undefined) return { item, parts: end - at };
  }
  const titles = titlesOf(interactions);
  const hint =
    titles.size > 0 && /[a-z]/i.test(parts[at])
      ? suggestion(parts[at], [...titles.keys()].slice(0, 20_000))
      : undefined;
  throw new UsageError(
    `${option}: expected ids or titles of items of ${interactions.name}; got "${parts[at]}"`,
    hint?.startsWith('did you mean') ? hint : `ids look like ${interactions.items.external(1)}`,
  );
}

const SHOWN_IDS = 10;

/** @throws UsageError when several items have the title */
function itemByTitle(interactions: Interactions, title: string, option: string): number | undefined {
  const items = titlesOf(interactions).get(title.toLowerCase());
  if (items === undefined || items.length === 1) return items?.[0];
  const ids = items.slice(0, SHOWN_IDS).map((item) => interactions.items.external(item));
  const more = items.length > SHOWN_IDS ? ', ...' : '';
  throw new UsageError(
    `${option}: expected titles of one item each; got "${title}", the title of ${items.length}: ${ids.join(', ')}${more}`,
    'write the id instead',
  );
}

const titleTables = new WeakMap<Interactions, ReadonlyMap<string, readonly number[]>>();

/** Items by title in lower case. */
function titlesOf(interactions: Interactions): ReadonlyMap<string, readonly number[]> {
  const known = titleTables.get(interactions);
  if (known !== undefined) return known;
  const table = new Map<string, number[]>();
  for (let item = 1; item <= interactions.numItems; item++) {
    const title = interactions.catalogue?.title(item)?.toLowerCase();
    if (title === undefined) continue;
    const items = table.get(title);
    if (items === undefined) table.set(title, [item]);
    else items.push(item);
  }
  titleTables.set(interactions, table);
  return table;
}
