import { isRating, type TopList } from '@seqrec/models';
import type { Catalogue } from './catalogue.ts';
import { Problem } from './problem.ts';

/** Dense ids of items. @throws Problem `unknown-item` naming the first that the data do not have, and its place. */
export function denseItems(catalogue: Catalogue, items: readonly string[], where: string): Int32Array {
  return Int32Array.from(items, (item, i) => denseItem(catalogue, item, `${where}.${i}`));
}

export function denseItem(catalogue: Catalogue, item: string, where: string): number {
  const dense = catalogue.dense(item);
  if (dense !== undefined) return dense;
  throw new Problem('unknown-item', `${where}: expected an item of ${catalogue.name}; got "${item}"`, { item });
}

/** @throws Problem `too-many` naming the limit. */
export function checkLength(where: string, length: number, limit: number): void {
  if (length <= limit) return;
  throw new Problem('too-many', `${where}: expected at most ${limit}; got ${length}`, { limit, length });
}

/** @throws Problem `bad-rating` for one that is none, by {@link isRating}. */
export function checkRating(where: string, rating: number | undefined): void {
  if (rating === undefined || isRating(rating)) return;
  throw new Problem('bad-rating', `${where}: expected a rating that is finite as a 32-bit float; got ${rating}`, {
    rating,
  });
}

/** Items as clients know them, with their scores. */
export function namedItems(catalogue: Catalogue, { items, scores }: TopList) {
  return Array.from(items, (item, i) => ({ ...nameOf(catalogue, item), score: scores[i] }));
}

export function nameOf(catalogue: Catalogue, item: number): { item: string; title?: string } {
  const title = catalogue.title(item);
  return { item: catalogue.external(item), ...(title !== undefined && { title }) };
}
