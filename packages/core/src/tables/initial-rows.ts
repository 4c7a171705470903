import { normals, streamKey, truncatedNormals, uniform01 } from '../random/streams.ts';

/**
 * What a row of a table holds before it is written, as data: number `k` of row `r` of a table of width `D` is number
 * `r D + k` of a random stream, so that a row can be made by itself and equals the row of a table that was made whole.
 */
export type InitialRows =
  | { readonly kind: 'zeros' }
  | {
      readonly kind: 'normal' | 'truncated-normal';
      readonly seed: number;
      /** Name of the stream. */
      readonly stream: string;
      readonly standardDeviation: number;
    }
  | {
      /** In `[-limit, limit)`. */
      readonly kind: 'uniform';
      readonly seed: number;
      readonly stream: string;
      readonly limit: number;
    };

/** Writes the initial vector of row `id` to `into`, from position `at` on. */
export type FillRow = (id: number, into: Float32Array, at: number) => void;

/** The function that makes rows of `width` numbers. */
export function initialRowsOf(initial: InitialRows, width: number): FillRow {
  if (initial.kind === 'zeros') return (_, into, at) => into.fill(0, at, at + width);
  const key = streamKey(initial.seed, initial.stream);
  switch (initial.kind) {
    case 'normal':
      // Normals are made two by two.
      return (id, into, at) => {
        const skipped = (id * width) % 2;
        const values = normals(key, 0, width + skipped, id * width - skipped);
        for (let k = 0; k < width; k++) into[at + k] = values[skipped + k] * initial.standardDeviation;
      };
    case 'truncated-normal':
      return (id, into, at) => {
        const values = truncatedNormals(key, 0, width, id * width);
        for (let k = 0; k < width; k++) into[at + k] = values[k] * initial.standardDeviation;
      };
    case 'uniform':
      return (id, into, at) => {
        const values = uniform01(key, 0, width, id * width);
        for (let k = 0; k < width; k++) into[at + k] = (2 * values[k] - 1) * initial.limit;
      };
  }
}
