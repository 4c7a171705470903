import type { Interactions } from '@seqrec/data';
import { UsageError } from '../../errors.ts';
import { suggestion } from '../../suggest.ts';
import type { NamedItem } from '../folder/results.ts';

/**
 * Items written as `id,id,...`; an entry may also be a title. Titles hold commas themselves, so the longest run of
 * entries that names an item is taken. Blanks beside the commas of a title do not count.
 *
 * @param option who asks, for messages. @throws UsageError for what is neither, and for a title that several items have
 */
export function itemsFromText(interactions: Interactions, text: string, option: string): number[] {
  const parts = text.split(',');
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
  const { titles, mostCommas } = titlesOf(interactions);
  for (let end = Math.min(parts.length, at + 1 + mostCommas); end > at; end--) {
    const name = parts.slice(at, end).join(',').trim();
    const item = interactions.items.dense(name) ?? itemByTitle(interactions, name, option);
    if (item !== undefined) return { item, parts: end - at };
  }
  const got = parts[at].trim();
  const known = Array.from(titles.values(), ([item]) => interactions.catalogue?.title(item)?.toLowerCase() ?? '');
  const hint = known.length > 0 && /[a-z]/i.test(got) ? suggestion(got, known.slice(0, 20_000)) : undefined;
  throw new UsageError(
    `${option}: expected ids or titles of items of ${interactions.name}; got "${got}"`,
    hint?.startsWith('did you mean') ? hint : `ids look like ${interactions.items.external(1)}`,
  );
}

const SHOWN_IDS = 10;

/** @throws UsageError when several items have the title */
function itemByTitle(interactions: Interactions, title: string, option: string): number | undefined {
  const items = titlesOf(interactions).titles.get(keyOf(title));
  if (items === undefined || items.length === 1) return items?.[0];
  const ids = items.slice(0, SHOWN_IDS).map((item) => interactions.items.external(item));
  const more = items.length > SHOWN_IDS ? ', ...' : '';
  throw new UsageError(
    `${option}: expected titles of one item each; got "${title}", the title of ${items.length}: ${ids.join(', ')}${more}`,
    'write the id instead',
  );
}

interface Titles {
  /** Items by {@link keyOf} their title. */
  readonly titles: ReadonlyMap<string, readonly number[]>;
  /** Of any title; at least 5, for ids that hold some. */
  readonly mostCommas: number;
}

/** A title in lower case, without blanks beside its commas. */
const keyOf = (title: string): string =>
  title
    .trim()
    .toLowerCase()
    .replaceAll(/\s*,\s*/g, ',');

const titleTables = new WeakMap<Interactions, Titles>();

function titlesOf(interactions: Interactions): Titles {
  const known = titleTables.get(interactions);
  if (known !== undefined) return known;
  const table = new Map<string, number[]>();
  let mostCommas = 5;
  for (let item = 1; item <= interactions.numItems; item++) {
    const title = interactions.catalogue?.title(item);
    if (title === undefined) continue;
    mostCommas = Math.max(mostCommas, title.split(',').length - 1);
    const key = keyOf(title);
    const items = table.get(key);
    if (items === undefined) table.set(key, [item]);
    else items.push(item);
  }
  const made = { titles: table, mostCommas };
  titleTables.set(interactions, made);
  return made;
}
