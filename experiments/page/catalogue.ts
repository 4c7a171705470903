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
  const places = new Map(ids.map((id, i) => [id, i + 1]));
  return {
    about,
    size: ids.length,
    title: (item) => titles[item - 1] ?? ids[item - 1],
    id: (item) => ids[item - 1],
    dense: (id) => places.get(id),
    categories: (item) => categories[item - 1].map((place) => categoryNames[place]),
    popular(count) {
      const items = ids.map((_, i) => i + 1);
      return items.sort((a, b) => events[b - 1] - events[a - 1] || a - b).slice(0, count);
    },
  };
}
