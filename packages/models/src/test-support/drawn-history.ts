import { integers, normals, streamKey } from '@seqrec/core';
import { type EncodedColumn, sequenceBatch } from '@seqrec/data';
import type { HistoryFields } from '../features/history-fields.ts';
import type { RowHistory } from '../features/history-tables.ts';
import { uploadBatch } from '../inputs.ts';

const drawn = (name: string, count: number, bound: number): Int32Array =>
  integers(streamKey(1, name), 0, count, 0, bound);

/** Events of each example; two have none. */
const LENGTHS = [2, 0, 3, 1, 4, 0, 2];
const ITEMS = 9;
export const HISTORY_TIMES = { first: 1000, step: 10 };

/** A history of the rows of `row-formulas.ts`, made of its lists of items, of an id and of two numbers. */
export function drawnHistory(lists: EncodedColumn & { readonly kind: 'rows' }, maxEvents: number) {
  const offsets = new Int32Array(LENGTHS.length + 1);
  for (const [b, length] of LENGTHS.entries()) offsets[b + 1] = offsets[b] + length;
  const [events, count] = [offsets[LENGTHS.length], LENGTHS.length];
  const columns = {
    items: [{ ...lists, lists: drawn('lists of items', ITEMS, 4) }],
    tokenItems: drawn('items of events', events, ITEMS),
    exampleItems: drawn('items of examples', count, ITEMS),
    padding: 3,
    own: [
      { kind: 'row', size: 5, values: drawn('actions', events, 5) },
      { kind: 'number', width: 2, values: Float32Array.from(normals(streamKey(1, 'of events'), 0, events * 2)) },
    ],
    missing: [
      { kind: 'row', size: 5, values: new Int32Array(count) },
      { kind: 'number', width: 2, values: new Float32Array(2 * count) },
    ],
  } as const;
  const fields: HistoryFields = {
    config: { maxEvents, sameTime: 'hidden', times: false },
    items: [2],
    own: [
      { name: 'action', shape: { kind: 'row', size: 5 } },
      { name: 'amount', shape: { kind: 'number', width: 2 } },
    ],
    columns: {},
    read: () => columns,
  };
  const { first, step } = HISTORY_TIMES;
  const timestamps = new Float64Array(events);
  for (let b = 0; b < count; b++) {
    for (let t = offsets[b]; t < offsets[b + 1]; t++) timestamps[t] = first - step * (offsets[b + 1] - t);
  }
  const host = sequenceBatch({ offsets, itemIds: new Int32Array(events), timestamps });
  const upload = (): RowHistory => ({
    batch: uploadBatch({ ...host, exampleTimes: new Float64Array(count).fill(first) }),
    columns,
  });
  return { fields, upload, plain: { offsets, columns } };
}

export type DrawnHistory = ReturnType<typeof drawnHistory>['plain'];
