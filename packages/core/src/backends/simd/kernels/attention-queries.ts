import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../../errors.ts';
import { writeRecord } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import * as FORWARD_UNIT from '../slots/forward-unit.ts';
import { CAUSAL, type Plan, queryChunks, sequencePlan, type Visible } from './attention-plan.ts';
import { sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

/** Whether queries are not the tokens. */
export const hasQueries = ({ queryOffsets }: Inputs): boolean => sizeOf(queryOffsets) > 0;

/** Keys of the packed sequences. */
export function keyCount({ k, keyRows }: Inputs): number {
  return keyRows.shape[0] > 0 ? keyRows.shape[0] : k.shape[0];
}

/** The least store that tensors of rows were found to fit, which all layers of a pass share. */
const checkedRows = new WeakMap<DataId, number>();

/** Rows are addresses here: none may lie outside the store. */
function checkRows(op: string, backend: SimdBackend, keyRows: TensorInfo, count: number): void {
  if (keyRows.shape[0] === 0 || count >= (checkedRows.get(keyRows.dataId) ?? Infinity)) return;
  const rows = backend.view(keyRows);
  for (let t = 0; t < rows.length; t++) {
    if (rows[t] >= 0 && rows[t] < count) continue;
    throw new ShapeError(`${op}: expected keyRows in 0 .. ${count - 1}, rows of k; got ${rows[t]} at ${t}`);
  }
  checkedRows.set(keyRows.dataId, count);
}

/** The slots of `attention-queries.ts` there. */
export function querySlots(op: string, backend: SimdBackend, { k, keyRows, selfK, selfV }: Inputs) {
  checkRows(op, backend, keyRows, k.shape[0]);
  const address = (x: typeof keyRows, isThere: boolean): number => (isThere ? backend.address(x) : 0);
  const isCandidate = selfK.shape.length > 1;
  return {
    KEY_ROWS: address(keyRows, sizeOf(keyRows) > 0),
    SELF_K: address(selfK, isCandidate),
    SELF_V: address(selfV, isCandidate),
  };
}

/** The mask of queries that are not tokens: they may see ahead of their places too. */
export function queryRanges(
  op: string,
  backend: SimdBackend,
  { visible, queryOffsets, q, selfK }: Inputs,
  keys: Plan,
  globalKeys = 0,
): Visible {
  if (visible.shape[0] === 0) return CAUSAL;
  // Candidates stand after all keys.
  if (selfK.shape.length > 1) return { address: backend.address(visible), ahead: false, globalKeys };
  const ranges = backend.view(visible);
  const queries = sequencePlan(op, backend, queryOffsets, q.shape[0]);
  const ahead = queries.lengths.some((count, b) => {
    const first = keys.lengths[b] - count;
    for (let r = 0; r < count; r++) if (ranges[2 * (queries.starts[b] + r) + 1] > first + r + 1) return true;
    return false;
  });
  return { address: backend.address(visible), ahead, globalKeys };
}

/** The queries of a sequence that `assembly/hstu-few.ts` takes. */
const FEW_QUERIES = 4;

/** Below so many chunks of queries, a task has one head of them, so that the threads have something to do. */
const FEW_CHUNKS = 8;

export interface QueryUnits {
  readonly units: Int32Array;
  /** Whether some row of the output belongs to no unit: queries that see nothing. */
  readonly leavesRows: boolean;
}

/** Forward units of queries that are not the tokens: up to 256 of one sequence, the costliest last. */
export function queryUnits(op: string, backend: SimdBackend, inputs: Inputs, keys: Plan, heads: number): QueryUnits {
  const queries = sequencePlan(op, backend, inputs.queryOffsets, inputs.q.shape[0]);
  const { visible, selfK } = inputs;
  if (queries.lengths.length !== keys.lengths.length) {
    throw new ShapeError(
      `${op}: expected as many sequences of queries as of keys, ${keys.lengths.length}; got ${queries.lengths.length}`,
    );
  }
  const isCandidate = selfK.shape.length > 1;
  const ranges = visible.shape[0] > 0 ? backend.view(visible) : undefined;
  const chunks: { sequence: number; first: number; rows: number; row: number; cost: number }[] = [];
  let leavesRows = false;
  for (let b = 0; b < keys.lengths.length; b++) {
    const [length, count] = [keys.lengths[b], queries.lengths[b]];
    // Before place 0 there is nothing to see, but by a range.
    let without = isCandidate ? 0 : Math.min(count, length === 0 ? count : Math.max(0, count - length));
    const rangeOf = (row: number): number => ranges?.[2 * (queries.starts[b] + row) + 1] ?? 0;
    while (length > 0 && without > 0 && rangeOf(without - 1) > 0) without--;
    leavesRows ||= without > 0;
    for (const { first, rows } of queryChunks(count - without)) {
      const at = without + first;
      const place = isCandidate ? length : length - count + at;
      chunks.push({ sequence: b, first: place, rows, row: queries.starts[b] + at, cost: rows * (place + rows) });
    }
  }
  chunks.sort((p, q) => p.cost - q.cost);
  // Few queries read more than they compute: a task takes whole rows of K and V.
  const isFew = !isCandidate && chunks.every(({ rows }) => rows <= FEW_QUERIES);
  const step = chunks.length < FEW_CHUNKS && !isFew ? 1 : heads;
  const parts = heads / step;
  const units = new Int32Array(chunks.length * parts * FORWARD_UNIT.SIZE);
  for (const [c, { sequence, first, rows, row }] of chunks.entries()) {
    for (let part = 0; part < parts; part++) {
      writeRecord(units, (c * parts + part) * FORWARD_UNIT.SIZE, FORWARD_UNIT, {
        START: keys.starts[sequence],
        FIRST: first,
        QUERIES: rows,
        HEAD: part * step,
        KEPT: 0,
        LENGTH: keys.lengths[sequence],
        ROW: row,
        HEADS: step,
        SEQUENCE: sequence,
      });
    }
  }
  return { units, leavesRows };
}
