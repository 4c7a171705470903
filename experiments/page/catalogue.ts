import { type PageData, pageFiles } from '../src/report/page/page-data.ts';

/** The items of a page, by dense id `1..size`. */
export interface Catalogue {
  readonly about: PageData;
  readonly size: number;
  /** Title of an item, its id where there is no title. */
  title(item: number): string;
  /** Id in the data file. */
  id(item: number): string;
  /** Dense id of an id of the data file. */
  dense(id: string): number | undefined;
  categories(item: number): readonly string[];
  /** The codes of an item, where the model writes them; without a counter. */
  codes(item: number): readonly number[];
  /** The items whose codes begin so, those with the most events in the data first. */
  sharing(prefix: readonly number[]): readonly number[];
  /** The `count` items with the most events in the data. */
  popular(count: number): readonly number[];
}

/** Reads `page.json` beside the page. */
export async function loadCatalogue(): Promise<Catalogue> {
  return openCatalogue((await (await get(pageFiles.data)).json()) as PageData);
}

/** The whole checkpoint. */
export async function loadWeights(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await get(pageFiles.model)).arrayBuffer());
}

async function get(name: string): Promise<Response> {
  const response = await fetch(name);
  if (response.ok) return response;
  throw new Error(`${name}: expected the file beside the page; got status ${response.status}; write the page again`);
}

/** @throws Error when the columns are of another format or length. */
export function openCatalogue(about: PageData): Catalogue {
  const { format, version, ids, titles, events, categories, categoryNames } = about;
  if (format !== 'seqrec-page' || version !== 1) {
    throw new Error(`${pageFiles.data}: expected seqrec-page version 1; got ${format} version ${version}`);
  }
  if ([titles, events, categories].some((column) => column.length !== ids.length)) {
    throw new Error(`${pageFiles.data}: expected columns of ${ids.length} items, as many as there are ids`);
  }
  const levels = about.codes?.sizes.length ?? 0;
  const shown = about.codes?.hasCounter ? levels - 1 : levels;
  const codes = (item: number): readonly number[] =>
    about.codes?.values.slice((item - 1) * levels, (item - 1) * levels + shown) ?? [];
  if (about.codes !== undefined && about.codes.values.length !== levels * ids.length)
    throw new Error(`${pageFiles.data}: expected ${levels} codes of each of ${ids.length} items`);
  const byEvents = (a: number, b: number): number => events[b - 1] - events[a - 1] || a - b;
  const places = new Map(ids.map((id, i) => [id, i + 1]));
  return {
    about,
    size: ids.length,
    title: (item) => titles[item - 1] ?? ids[item - 1],
    id: (item) => ids[item - 1],
    dense: (id) => places.get(id),
    categories: (item) => categories[item - 1].map((place) => categoryNames[place]),
    codes,
    sharing(prefix) {
      const items = ids.map((_, i) => i + 1);
      return items.filter((item) => codes(item).slice(0, prefix.length).join() === prefix.join()).sort(byEvents);
    },
    popular(count) {
      const items = ids.map((_, i) => i + 1);
      return items.sort(byEvents).slice(0, count);
    },
  };
}
