/** What stands in a row of a table. */
export type Cells = readonly string[];

/** A table of the page. */
export interface Section {
  readonly title: string;
  readonly note?: string;
  readonly titles: Cells;
  readonly rows: readonly Cells[];
}
