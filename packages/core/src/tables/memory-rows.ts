import { initialRowsOf } from './initial-rows.ts';
import { checkIds, checkRecords, type RowLayout, type RowStore, resolveLayout } from './row-store.ts';

/**
 * A table in memory. Rows are made when they are first asked for, so that a big one is there at once; the system gives
 * memory to those that were.
 *
 * @throws UnsupportedError for sizes that no table has; RangeError when the address space does not hold it.
 */
export function memoryRows(given: RowLayout): RowStore {
  const layout = resolveLayout('memoryRows', given);
  const { rows, width, stateWidth, initialState, initial } = layout;
  const stride = width + stateWidth;
  const values = new Float32Array(rows * stride);
  const present = new Uint8Array(Math.ceil(rows / 8));
  /** The rows that a call has met: one counts once. */
  const asked = new Uint8Array(present.length);
  const fill = initialRowsOf(initial, width);
  let [lookups, made] = [0, 0];

  function ensure(id: number): void {
    const bit = 1 << (id & 7);
    if (present[id >>> 3] & bit) return;
    present[id >>> 3] |= bit;
    fill(id, values, id * stride);
    if (initialState !== 0) values.fill(initialState, id * stride + width, (id + 1) * stride);
    made++;
  }

  function countUse(id: number): void {
    const bit = 1 << (id & 7);
    if (asked[id >>> 3] & bit) return;
    asked[id >>> 3] |= bit;
    lookups++;
  }

  function take(ids: Int32Array, numbers: number): Float32Array {
    checkIds('memoryRows', layout, ids);
    const out = new Float32Array(ids.length * numbers);
    for (let i = 0; i < ids.length; i++) {
      ensure(ids[i]);
      countUse(ids[i]);
      const from = ids[i] * stride;
      out.set(values.subarray(from, from + numbers), i * numbers);
    }
    for (const id of ids) asked[id >>> 3] = 0;
    return out;
  }

  return {
    layout,
    gather: async (ids) => take(ids, width),
    records: async (ids) => take(ids, stride),
    async write(ids, records) {
      checkRecords('memoryRows', layout, ids, records);
      for (let i = 0; i < ids.length; i++) {
        present[ids[i] >>> 3] |= 1 << (ids[i] & 7);
        values.set(records.subarray(i * stride, (i + 1) * stride), ids[i] * stride);
      }
    },
    prefetch: () => undefined,
    flush: async () => undefined,
    close: async () => undefined,
    stats: () => ({
      lookups,
      hits: lookups,
      rowsRead: 0,
      rowsMade: made,
      rowsWritten: 0,
      reads: 0,
      writes: 0,
      bytesRead: 0,
      bytesWritten: 0,
    }),
  };
}
