/** `data.json`: what the run was trained and evaluated on. */
export interface DataSummary {
  readonly name: string;
  /** sha256 over columns, ids and processing steps. */
  readonly digest: string;
  readonly split: string;
  readonly examples: Readonly<Record<string, number>>;
  /** Of each part of a split of rows. */
  readonly parts?: readonly PartSummary[];
  /** Labelled statistics, in the order in which they are shown. */
  readonly statistics: Readonly<Record<string, number | string>>;
  readonly lengths: readonly { readonly label: string; readonly count: number }[];
  /** Every column of the tables; absent in runs of before there were tables. */
  readonly columns?: readonly ColumnSummary[];
  readonly steps: readonly string[];
  readonly leakage: readonly string[];
  /** Why there is no such split; `seqrec data` alone, no run has one. */
  readonly problem?: string;
  /** Digest of the semantic ids of a run of generation. */
  readonly semanticIds?: string;
  /** Of the file that the item table starts from, where the recipe names one. */
  readonly itemVectors?: ItemVectorsSummary;
  /** Of the file that all weights start from, where the recipe names one. */
  readonly initialWeights?: InitialWeightsSummary;
}

export interface PartSummary {
  readonly name: string;
  readonly rows: number;
  /** The label that `positives` counts, the rows where it is above 0; absent: 0 of no label. */
  readonly label?: string;
  readonly positives: number;
  /** Different ones in the rows. */
  readonly users: number;
  readonly items: number;
}

export interface ColumnSummary {
  readonly table: 'events' | 'users' | 'items';
  readonly name: string;
  readonly kind: string;
  /** What it is for, with commas; empty for most. */
  readonly roles: string;
  /** Distinct ids. */
  readonly vocabulary?: number;
  /** Share of rows without a value. */
  readonly missing: number;
  /** Width, length of lists, range. */
  readonly about: string;
  readonly examples: readonly string[];
}

export interface InitialWeightsSummary {
  readonly path: string;
  /** sha256 of the file. */
  readonly digest: string;
}

export interface ItemVectorsSummary {
  readonly path: string;
  /** sha256 over width, items and numbers. */
  readonly digest: string;
  readonly width: number;
  /** Items that have a vector, items that have none and start at random, and vectors of other items. */
  readonly items: number;
  readonly missing: number;
  readonly unknown: number;
}
