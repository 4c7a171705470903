/** What of the events at the time of a row its history may hold: none, or those before it in the order of the data. */
export const sameTimeRules = ['hidden', 'seen'] as const;
export type SameTime = (typeof sameTimeRules)[number];

/** Events of which part of a split histories may hold: of all of them, or of the training part alone. */
export const historySources = ['all', 'training'] as const;
export type HistorySource = (typeof historySources)[number];

export interface RowHistoryOptions {
  /** Newest events that are kept. */
  readonly maxEvents: number;
  /** See `withHistories`; default `hidden`. */
  readonly sameTime?: SameTime;
  /**
   * Default `all` where the parts follow each other in time: what a ranker in use would know. Else `training`: with
   * `all`, labels of rows that are tested on would be inputs of later rows that train.
   */
  readonly from?: HistorySource;
}

/** What the histories of the rows of a split hold. */
export type RowHistories = Required<RowHistoryOptions>;
