/** `page.json`: what the page knows besides the weights. No user is in it. */
export interface PageData {
  readonly format: 'seqrec-page';
  readonly version: 1;
  readonly recipe: string;
  readonly run: string;
  /** Finished epochs of the checkpoint. */
  readonly epoch: number;
  readonly dataset: string;
  /** Time of the latest event of the data, in seconds: when a history that is made up here ends. Absent: no times. */
  readonly latestTime?: number;
  /** Ids of the data file; entry `i` is the dense item `i + 1`, here and in the columns below. */
  readonly ids: readonly string[];
  /** `null` where the data have no title. */
  readonly titles: readonly (string | null)[];
  /** Events of the item in the data, to order what a search finds. */
  readonly events: readonly number[];
  readonly categoryNames: readonly string[];
  /** Places in `categoryNames`. */
  readonly categories: readonly (readonly number[])[];
  /** Of a model that writes items as codes. */
  readonly codes?: PageCodes;
}

/** The codes of the items, and how a model is asked for them. */
export interface PageCodes {
  /** Codes of each level, a counter among them. */
  readonly sizes: readonly number[];
  /** Whether the last level counts the items of equal codes. */
  readonly hasCounter: boolean;
  /** Row by row, `[items, levels]`. */
  readonly values: readonly number[];
  /** Longest history that the model reads, in events. */
  readonly maxEvents: number;
  /** The row that every history begins with, of a model that knows words too. */
  readonly opening?: number;
  readonly beams: number | 'all';
  readonly mask: 'after' | 'before';
  /** Of the scores of an encoder. */
  readonly temperature: number;
  /** How items are ranked by vectors too; `added` rows are ranked besides what beams find. */
  readonly dense?: {
    readonly after: number;
    readonly temperature: number;
    readonly levels: number | 'all';
    readonly mix: number;
    readonly added?: readonly number[];
  };
  /** What is taken off for popularity, and the training events of the items that say how popular they are. */
  readonly debias?: { readonly weight: number; readonly events: readonly number[] };
}

/** What the model of a page needs besides its weights. */
export type PageModel = Pick<PageData, 'latestTime' | 'codes'>;

/** Names of the files of a page, beside its assets. */
export const pageFiles = { data: 'page.json', model: 'model.safetensors' } as const;

/** Seconds between the events of a made-up history. */
export const MINUTE = 60;

/**
 * Times of a history that somebody made up: a minute apart, the last event at the latest time of the data. Of data
 * without times, numbers in the sequence, as in training.
 */
export function madeUpTimes(length: number, latestTime: number | undefined): number[] {
  return Array.from({ length }, (_, i) => (latestTime === undefined ? i : latestTime - (length - 1 - i) * MINUTE));
}
