/** What no model that knows so much of a row can pass, in expectation: of a data set whose law is known. */
export interface Limit {
  readonly name: string;
  /** What of a row is known, in words. */
  readonly knows: string;
  /** By the names of the metrics of rows. */
  readonly metrics: Readonly<Record<string, number>>;
}
