/** What the dense half of a hybrid is made of; `w` its width. */
export interface DenseSizes {
  /** Items of the data: the encoder itself is over codes. */
  readonly items: number;
  /** Width of the vectors that are compared, `w`. */
  readonly width: number;
  /** Width of the vectors of content, `d`; absent: items have none. */
  readonly content?: number;
  /** Whether each item has a learned vector of its own. */
  readonly table: boolean;
}
