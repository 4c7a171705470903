import { dropout } from './dropout.ts';
import { embedding, embeddingGrad } from './embedding.ts';

export interface EmbedTokensInput {
  /** `[I, width]`. */
  readonly table: ArrayLike<number>;
  readonly ids: ArrayLike<number>;
  readonly scale: number;
  /** `[N, width]`, or empty. */
  readonly places: ArrayLike<number>;
  readonly positions: ArrayLike<number>;
  readonly width: number;
  readonly rate: number;
  readonly keep: readonly boolean[];
}

/** Float64 reference of `y_t = dropout(scale table[ids_t] + places[positions_t])`. */
export function embedTokens(input: EmbedTokensInput): Float64Array {
  const { table, ids, scale, places, positions, width, rate, keep } = input;
  const placed = places.length > 0 ? embedding(places, positions, width) : undefined;
  const x = embedding(table, ids, width).map((value, i) => scale * value + (placed?.[i] ?? 0));
  return dropout(x, keep, rate);
}

/** Gradients of both tables. */
export function embedTokensGrad(
  input: EmbedTokensInput,
  dy: ArrayLike<number>,
): { dTable: Float64Array; dPlaces: Float64Array } {
  const { table, ids, scale, places, positions, width, rate, keep } = input;
  const dx = dropout(dy, keep, rate);
  const scaled = dx.map((value) => scale * value);
  return {
    dTable: embeddingGrad(ids, scaled, width, table.length / width),
    dPlaces: embeddingGrad(positions, places.length > 0 ? dx : [], width, places.length / width),
  };
}
