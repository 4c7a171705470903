import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError, UnsupportedError } from '../../../errors.ts';
import type { SimdBackend } from '../backend.ts';

/** Side of a block of scores, as in `assembly/attention-block.ts`. */
const BLOCK = 256;
/** Groups of sequences in a backward pass: each owns partial bias gradients, added in order at the end. */
const GROUPS = 32;
const MAXIMUM_WIDTH = 512;

/** Where each sequence of a packed batch begins, and how long it is. */
export interface Plan {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
}

/** The sequences of a packed batch, read from the offsets. */
export function sequenceLengths(op: string, backend: SimdBackend, offsets: TensorInfo, tokens: number): Plan {
  const view = backend.view(offsets);
  const count = view.length - 1;
  const starts = Int32Array.from(view.subarray(0, Math.max(0, count)));
  const lengths = new Int32Array(Math.max(0, count));
  for (let b = 0; b < count; b++) {
    lengths[b] = view[b + 1] - view[b];
    if (lengths[b] < 0)
      throw new ShapeError(`${op}: expected offsets that never fall; got ${view[b]} then ${view[b + 1]} at ${b}`);
  }
  if (count >= 0 && (view[0] !== 0 || view[count] !== tokens)) {
    throw new ShapeError(`${op}: expected offsets from 0 to ${tokens} tokens; got ${view[0]} to ${view[count]}`);
  }
  return { starts, lengths };
}

export function checkWidths(op: string, a: number, c: number): void {
  if (a > MAXIMUM_WIDTH || c > MAXIMUM_WIDTH) {
    throw new UnsupportedError(
      `${op}: expected head widths of at most ${MAXIMUM_WIDTH} on the simd backend; got A = ${a}, C = ${c}; use more heads`,
    );
  }
}

/** Integers of a unit: see `assembly/hstu-attention.ts`. */
export const UNIT = 8;

/** Forward units: up to 256 queries of one sequence; tasks are taken from the end, so the costliest come last. */
export function forwardUnits(starts: Int32Array, lengths: Int32Array): Int32Array {
  const units: { start: number; first: number; rows: number; cost: number }[] = [];
  for (let b = 0; b < lengths.length; b++) {
    for (let first = 0; first < lengths[b]; first += BLOCK) {
      const rows = Math.min(BLOCK, lengths[b] - first);
      units.push({ start: starts[b], first, rows, cost: rows * (first + rows) });
    }
  }
  units.sort((p, q) => p.cost - q.cost);
  return Int32Array.from(units.flatMap(({ start, first, rows }) => [start, first, rows, -1, 0, 0, start + first, 0]));
}

/** Forward units of the last query of each sequence alone; query and output `b` belong to sequence `b`. */
export function lastQueryUnits({ starts, lengths }: Plan): Int32Array {
  const present = Array.from(lengths.keys()).filter((b) => lengths[b] > 0);
  present.sort((p, q) => lengths[p] - lengths[q]);
  return Int32Array.from(present.flatMap((b) => [starts[b], lengths[b] - 1, 1, -1, 0, 0, b, 0]));
}

/**
 * Backward units: whole sequences (their keys' gradients are summed in one place), one head each when sequences are
 * few. Units are dealt to groups by cost, largest first to the lightest group: the deal depends on the lengths alone.
 */
export function backwardUnits(
  starts: Int32Array,
  lengths: Int32Array,
  heads: number,
): { units: Int32Array; groups: Int32Array; count: number } {
  const present = Array.from(lengths.keys()).filter((b) => lengths[b] > 0);
  const perHead = present.length < GROUPS && heads > 1;
  const units = present.flatMap((b) =>
    Array.from({ length: perHead ? heads : 1 }, (_, h) => ({
      start: starts[b],
      length: lengths[b],
      head: perHead ? h : -1,
    })),
  );
  units.sort((p, q) => q.length - p.length || p.start - q.start || p.head - q.head);
  const count = Math.min(GROUPS, units.length);
  const members: (typeof units)[] = Array.from({ length: count }, () => []);
  const loads = new Float64Array(count);
  for (const unit of units) {
    let lightest = 0;
    for (let g = 1; g < count; g++) if (loads[g] < loads[lightest]) lightest = g;
    members[lightest].push(unit);
    loads[lightest] += unit.length * (unit.length + 64);
  }
  const bounds = new Int32Array(count + 1);
  for (let g = 0; g < count; g++) bounds[g + 1] = bounds[g] + members[g].length;
  return {
    units: Int32Array.from(members.flat().flatMap(({ start, length, head }) => [start, 0, length, head, 0, 0, 0, 0])),
    groups: bounds,
    count,
  };
}
