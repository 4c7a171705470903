import type { Catalogue } from './catalogue.ts';

/** Finds items by words of their titles. */
export interface SearchIndex {
  /**
   * Items whose title holds every word of `text`, whatever case and accents: first those with a word that begins so
   * for each word, then the rest; among them the most seen first. Titles put their article last as often as first, so
   * the beginning of a title counts no more than its other words. Empty for an empty text.
   */
  search(text: string, limit: number): SearchResult;
}

export interface SearchResult {
  /** Dense ids, at most `limit`. */
  readonly items: readonly number[];
  /** How many there are in all. */
  readonly total: number;
}

/** Lower case without accents, other signs than letters and digits as single spaces. */
export function normalize(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

export function searchIndex(catalogue: Catalogue): SearchIndex {
  // A space in front, so that ' word' finds the beginning of a word.
  const titles = Array.from({ length: catalogue.size }, (_, i) => ` ${normalize(catalogue.title(i + 1))}`);
  const { events } = catalogue.about;
  return {
    search(text, limit) {
      const wanted = normalize(text);
      if (wanted === '') return { items: [], total: 0 };
      const words = wanted.split(' ');
      const found: { item: number; begins: boolean }[] = [];
      titles.forEach((title, i) => {
        if (!words.every((word) => title.includes(word))) return;
        found.push({ item: i + 1, begins: words.every((word) => title.includes(` ${word}`)) });
      });
      found.sort(
        (a, b) => Number(b.begins) - Number(a.begins) || events[b.item - 1] - events[a.item - 1] || a.item - b.item,
      );
      return { items: found.slice(0, limit).map(({ item }) => item), total: found.length };
    },
  };
}
