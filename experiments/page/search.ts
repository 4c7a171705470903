import type { Catalogue } from './catalogue.ts';

/** Finds items by words of their titles. */
export interface SearchIndex {
  /**
   * Items whose title holds every word of `text`, whatever case and accents: first those that begin with `text`, then those
   * where a word begins with each word, then the rest; inside a group the most seen first. Empty for an empty text.
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
      const found: { item: number; group: number }[] = [];
      titles.forEach((title, i) => {
        if (!words.every((word) => title.includes(word))) return;
        const starts = words.every((word) => title.includes(` ${word}`));
        found.push({ item: i + 1, group: title.startsWith(` ${wanted}`) ? 0 : starts ? 1 : 2 });
      });
      found.sort((a, b) => a.group - b.group || events[b.item - 1] - events[a.item - 1] || a.item - b.item);
      return { items: found.slice(0, limit).map(({ item }) => item), total: found.length };
    },
  };
}
