/** `data.json`: what the run was trained and evaluated on. */
export interface DataSummary {
  readonly name: string;
  /** sha256 over columns, ids and processing steps. */
  readonly digest: string;
  readonly split: string;
  readonly examples: Readonly<Record<string, number>>;
  /** Labelled statistics, in the order in which they are shown. */
  readonly statistics: Readonly<Record<string, number | string>>;
  readonly lengths: readonly { readonly label: string; readonly count: number }[];
  readonly steps: readonly string[];
  readonly leakage: readonly string[];
}
