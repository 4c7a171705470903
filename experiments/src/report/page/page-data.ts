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
}

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
