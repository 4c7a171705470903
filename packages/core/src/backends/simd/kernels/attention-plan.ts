import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError, UnsupportedError } from '../../../errors.ts';
import { recordOf } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import type * as BACKWARD_UNIT from '../slots/backward-unit.ts';
import * as FORWARD_UNIT from '../slots/forward-unit.ts';

/** Queries of a panel, as in `assembly/attention-tile.ts`. */
export const PANEL = 16;
/** Queries of a forward task. */
const BLOCK = 256;
const MAXIMUM_WIDTH = 512;

/** Where each sequence of a packed batch begins, and how long it is. */
export interface Plan {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly longest: number;
  /** First and last offset. */
  readonly range: readonly [number, number];
  /** Equal for plans with the same lengths. */
  readonly key: string;
  /** What {@link once} has made of it. */
  readonly made: Map<string, unknown>;
}

const plans = new WeakMap<DataId, Plan>();

/** The sequences of a packed batch, read from the offsets: once for all layers, forward and backward. */
export function sequencePlan(op: string, backend: SimdBackend, offsets: TensorInfo, tokens: number): Plan {
  const plan = plans.get(offsets.dataId) ?? readOffsets(op, backend.view(offsets) as Int32Array);
  const [first, end] = plan.range;
  if (first !== 0 || end !== tokens)
    throw new ShapeError(`${op}: expected offsets from 0 to ${tokens} tokens; got ${first} to ${end}`);
  plans.set(offsets.dataId, plan);
  return plan;
}

function readOffsets(op: string, view: Int32Array): Plan {
  const count = Math.max(0, view.length - 1);
  const starts = Int32Array.from(view.subarray(0, count));
  const lengths = new Int32Array(count);
  let longest = 0;
  for (let b = 0; b < count; b++) {
    lengths[b] = view[b + 1] - view[b];
    longest = Math.max(longest, lengths[b]);
    if (lengths[b] < 0)
      throw new ShapeError(`${op}: expected offsets that never fall; got ${view[b]} then ${view[b + 1]} at ${b}`);
  }
  return { starts, lengths, longest, range: [view[0], view[count]], key: lengths.join(), made: new Map() };
}

/** What depends on a plan and the name alone, made at the first call; shared, so it must not change. */
export function once<T>(plan: Plan, name: string, make: () => T): T {
  if (!plan.made.has(name)) plan.made.set(name, make());
  return plan.made.get(name) as T;
}

export function checkWidths(op: string, a: number, c: number): void {
  if (a > MAXIMUM_WIDTH || c > MAXIMUM_WIDTH) {
    throw new UnsupportedError(
      `${op}: expected head widths of at most ${MAXIMUM_WIDTH} on the simd backend; got A = ${a}, C = ${c}; use more heads`,
    );
  }
}

/** The mask of a call: the address of its ranges, 0 for causality alone, and whether a query sees keys after itself. */
export interface Visible {
  readonly address: number;
  readonly ahead: boolean;
  /** Keys at the start that every query sees up to the end of its range. */
  readonly globalKeys: number;
}

export const CAUSAL: Visible = { address: 0, ahead: false, globalKeys: 0 };

export function visibleRanges(
  backend: SimdBackend,
  visible: TensorInfo | undefined,
  { starts, lengths }: Plan,
  globalKeys = 0,
): Visible {
  if (visible === undefined || visible.shape[0] === 0 || visible.shape.length < 2) return CAUSAL;
  const ranges = backend.view(visible);
  const ahead = lengths.some((length, b) => {
    for (let i = 0; i < length; i++) if (ranges[2 * (starts[b] + i) + 1] > i + 1) return true;
    return false;
  });
  return { address: backend.address(visible), ahead, globalKeys };
}

/** Chunks of up to 256 queries. Panels end where the sequence ends, so the first chunk is the short one. */
export function queryChunks(length: number): { first: number; rows: number }[] {
  const chunks = [];
  for (let end = length; end > 0; end -= BLOCK)
    chunks.push({ first: Math.max(0, end - BLOCK), rows: Math.min(BLOCK, end) });
  return chunks.reverse();
}

/** Forward units: up to 256 queries of one sequence; tasks are taken from the end, so the costliest come last. */
export function forwardUnits(plan: Plan, heads: number): Int32Array {
  return once(plan, `forward units, ${heads}`, () => makeForwardUnits(plan, heads)).slice();
}

function makeForwardUnits({ starts, lengths }: Plan, heads: number): Int32Array {
  const units: { sequence: number; start: number; first: number; rows: number; length: number; cost: number }[] = [];
  for (let b = 0; b < lengths.length; b++) {
    for (const { first, rows } of queryChunks(lengths[b])) {
      units.push({ sequence: b, start: starts[b], first, rows, length: lengths[b], cost: rows * (first + rows) });
    }
  }
  units.sort((p, q) => p.cost - q.cost);
  return Int32Array.from(
    units.flatMap(({ sequence, start, first, rows, length }) =>
      recordOf(FORWARD_UNIT, {
        START: start,
        FIRST: first,
        QUERIES: rows,
        KEPT: 0,
        LENGTH: length,
        ROW: start + first,
        HEAD: 0,
        HEADS: heads,
        SEQUENCE: sequence,
      }),
    ),
  );
}

/** Writes into each unit where what is kept of its sequence lies: `block` and the base by the sequence's start. */
export function placeKept(
  unit: typeof FORWARD_UNIT | typeof BACKWARD_UNIT,
  units: Int32Array,
  bases: ReadonlyMap<number, number>,
  block: number,
): void {
  for (let u = 0; u < units.length; u += unit.SIZE) {
    units[u + unit.KEPT] = block + (bases.get(units[u + unit.START]) as number);
  }
}

/**
 * Where, by its start, a sequence's rows of something that is kept for all its causal panels begin, and their total:
 * `PANEL size p (p + 1)` for `p` panels, and `header` bytes before each.
 */
export function panelRows(plan: Plan, size: number, header = 0): { bases: ReadonlyMap<number, number>; total: number } {
  return once(plan, `panel rows, ${size}, ${header}`, () => {
    const bases = new Map<number, number>();
    let total = 0;
    plan.lengths.forEach((length, b) => {
      const panels = Math.ceil(length / PANEL);
      bases.set(plan.starts[b], total);
      total += PANEL * size * panels * (panels + 1) + panels * header;
    });
    return { bases, total };
  });
}
