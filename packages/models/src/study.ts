/** What studies vary in a model, and what all models of a study share. */
export interface ModelShape {
  readonly width: number;
  /** Blocks. */
  readonly depth: number;
  /** Longest history, in events. */
  readonly length: number;
  /** Columns of tables of positions beyond the longest history. */
  readonly outputLength: number;
  /** Every dropout of the model. */
  readonly dropout: number;
}

/** How studies over width, depth and length take a kind of model. */
export interface ModelStudy {
  /** Its configuration but for `kind`, at the proportions of its published recipes. */
  settings(shape: ModelShape): Readonly<Record<string, unknown>>;
  /**
   * The configuration of the objective that it is published with, but for the temperature, which is the study's.
   * Absent: it trains under the study's.
   */
  readonly objective?: Readonly<Record<string, unknown>>;
}

/** Heads are 32 wide, the least that a fused attention uses well; narrower models have one head. */
const HEAD_WIDTH = 32;

/** Heads of a model of this width in a study. */
export function headsOfWidth(width: number): number {
  return width % HEAD_WIDTH === 0 ? width / HEAD_WIDTH : 1;
}

/** The settings of a shape that encoders of `createEncoder` with blocks have in common. */
export function blockSettings({ width, depth, length, dropout }: ModelShape) {
  return { embeddingDim: width, numBlocks: depth, maxSequenceLength: length, inputDropout: dropout } as const;
}
