import { ShapeError } from '../errors.ts';
import type { RowLayout, RowStore } from './row-store.ts';

/** @throws ShapeError for a store whose rows have no room for what an optimiser keeps. */
export function checkState(
  op: string,
  { layout }: RowStore,
  { stateWidth, initialState }: Pick<RowLayout, 'stateWidth' | 'initialState'>,
): void {
  if (layout.stateWidth === stateWidth && layout.initialState === initialState) return;
  throw new ShapeError(
    `${op}: expected a store with stateWidth=${stateWidth} and initialState=${initialState}; got stateWidth=${layout.stateWidth} and initialState=${layout.initialState}; ${op}.stateOf gives them`,
  );
}

/** Records `[n, stride]` cut into arrays `[n, width]`, one after the other. */
export function columnsOf(records: Float32Array, stride: number, widths: readonly number[]): Float32Array[] {
  const count = records.length / stride;
  let first = 0;
  return widths.map((width) => {
    const out = new Float32Array(count * width);
    for (let u = 0, from = first, to = 0; u < count; u++, from += stride) {
      for (let k = 0; k < width; k++) out[to++] = records[from + k];
    }
    first += width;
    return out;
  });
}

/** The opposite of {@link columnsOf}; what lies behind the last of them in a record stays. */
export function putColumns(
  records: Float32Array,
  stride: number,
  columns: readonly Float32Array[],
  widths: readonly number[],
): void {
  const count = records.length / stride;
  let first = 0;
  for (const [c, width] of widths.entries()) {
    const values = columns[c];
    for (let u = 0, to = first, from = 0; u < count; u++, to += stride) {
      for (let k = 0; k < width; k++) records[to + k] = values[from++];
    }
    first += width;
  }
}

/** `0 .. count - 1`. */
export function placesUpTo(count: number): Int32Array {
  const places = new Int32Array(count);
  for (let i = 0; i < count; i++) places[i] = i;
  return places;
}
