import type { Rows } from '../vectors/rows.ts';

/** Codes of rows, `[count, levels]` row-major; a code of level `l` is in `0 .. sizes[l] - 1`. */
export interface Codes {
  readonly count: number;
  /** `K` of each level. */
  readonly sizes: readonly number[];
  readonly values: Int32Array;
}

/** Codebooks that were fitted to vectors; frozen. */
export interface Codebooks {
  /** `K` of each level. */
  readonly sizes: readonly number[];
  /** Codes of vectors, those that were fitted among them or new ones. Absent: of ids without vectors. */
  encode?(vectors: Rows): Promise<Codes>;
  /** What a code stands for, `[count, width]`. Absent where it stands for no vector. */
  decode?(codes: Codes): Rows;
  /**
   * Squared distances of a row to all codes of the last level, its codes before it as they are. Absent where the last
   * code is not that of a nearest centroid.
   */
  lastDistances?(vectors: Rows, codes: Codes): (row: number) => Float64Array;
  /** Everything that `encode` and `decode` read, by name, for files. */
  readonly tensors: ReadonlyMap<string, Rows>;
}

/** What a fit gives: codebooks, and the codes of the rows that they were fitted to. */
export interface Fitted {
  readonly codebooks: Codebooks;
  readonly codes: Codes;
  /** Share of the energy of the vectors, `|R_l|^2 / |R_0|^2`, that is left after each level, where levels leave any. */
  readonly residualEnergy?: readonly number[];
  /** Share of the energy of the vectors that a decoder misses, `|x - y|^2 / |x|^2`, where there is one. */
  readonly reconstruction?: number;
}

export interface FitOptions {
  /** Of all random numbers. */
  readonly seed: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}
