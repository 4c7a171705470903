import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError, UnsupportedError } from '../../../errors.ts';
import type { SimdBackend } from '../backend.ts';

/** Queries of a panel, as in `assembly/attention-tile.ts`. */
export const PANEL = 16;
/** Queries of a forward task. */
const BLOCK = 256;
/** Groups of sequences in a backward pass: each owns partial bias gradients, added in order at the end. */
const GROUPS = 32;
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
function once<T>(plan: Plan, name: string, make: () => T): T {
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

export function visibleRanges(
  backend: SimdBackend,
  visible: TensorInfo | undefined,
  { starts, lengths }: Plan,
  globalKeys = 0,
): Visible {
  if (visible === undefined || visible.shape[0] === 0 || visible.shape.length < 2)
    return { address: 0, ahead: false, globalKeys: 0 };
  const ranges = backend.view(visible);
  const ahead = lengths.some((length, b) => {
    for (let i = 0; i < length; i++) if (ranges[2 * (starts[b] + i) + 1] > i + 1) return true;
    return false;
  });
  return { address: backend.address(visible), ahead, globalKeys };
}

/** Integers of a unit: see `assembly/hstu-attention.ts`. */
export const UNIT = 8;

/** Chunks of up to 256 queries. Panels end where the sequence ends, so the first chunk is the short one. */
function queryChunks(length: number): { first: number; rows: number }[] {
  const chunks = [];
  for (let end = length; end > 0; end -= BLOCK)
    chunks.push({ first: Math.max(0, end - BLOCK), rows: Math.min(BLOCK, end) });
  return chunks.reverse();
}

/** Forward units: up to 256 queries of one sequence; tasks are taken from the end, so the costliest come last. */
export function forwardUnits(plan: Plan): Int32Array {
  return once(plan, 'forward units', () => makeForwardUnits(plan)).slice();
}

function makeForwardUnits({ starts, lengths }: Plan): Int32Array {
  const units: { start: number; first: number; rows: number; length: number; cost: number }[] = [];
  for (let b = 0; b < lengths.length; b++) {
    for (const { first, rows } of queryChunks(lengths[b])) {
      units.push({ start: starts[b], first, rows, length: lengths[b], cost: rows * (first + rows) });
    }
  }
  units.sort((p, q) => p.cost - q.cost);
  return Int32Array.from(
    units.flatMap(({ start, first, rows, length }) => [start, first, rows, -1, 0, length, start + first, 0]),
  );
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

/** Forward units of the last query of each sequence alone; query and output `b` belong to sequence `b`. */
export function lastQueryUnits({ starts, lengths }: Plan): Int32Array {
  const present = Array.from(lengths.keys()).filter((b) => lengths[b] > 0);
  present.sort((p, q) => lengths[p] - lengths[q]);
  return Int32Array.from(present.flatMap((b) => [starts[b], lengths[b] - 1, 1, -1, 0, lengths[b], b, 0]));
}

/** Parts that one head of one sequence may be cut into: each holds dQ from its first key on, so memory stays linear. */
const MAXIMUM_PARTS = 8;
/** Units that a backward pass aims for, so that a few long sequences keep every thread busy. */
const TARGET_UNITS = 32;
const KEY_BLOCK = 96;

/** A unit with all keys of a sequence keeps up to this many bytes of dQ in scratch memory, and writes dQ itself. */
const SCRATCH_DQ = 256 * 1024;
/**
 * Heads that share a bias go together up to this width of all queries and keys of a token, so that
 * their sums stay in cache.
 */
const TOGETHER_WIDTH = 256;

/**
 * A range of keys of one head of one sequence; its sums of dQ, from panel `firstPanel` on, lie at `at` of the parts'
 * memory (`firstPanel` -n: in scratch memory, and the part has n heads).
 */
interface Part {
  readonly start: number;
  readonly length: number;
  readonly head: number;
  readonly first: number;
  readonly end: number;
  readonly firstPanel: number;
  readonly at: number;
  readonly cost: number;
}

export interface BackwardPlan {
  readonly units: Int32Array;
  /** First unit of each group of units, a task; `count` groups. */
  readonly groups: Int32Array;
  readonly count: number;
  /** Chunks of queries for the sum over parts: their items, and where each part's panels begin. */
  readonly items: Int32Array;
  readonly parts: Int32Array;
  /** Bytes of the parts of dQ. */
  readonly bytes: number;
}

/**
 * Backward units: ranges of keys, which own dK and dV. Long sequences are cut into ranges of equal numbers of pairs.
 * Units are dealt to groups by cost, largest first to the lightest group. With `shared`, a bias that all heads share,
 * narrow heads of short sequences go together. All of it depends on the shapes alone. Addresses in units
 * and items are relative: `at` is where the parts of dQ will lie, `atParts` the table `parts`.
 */
export function backwardPlan(plan: Plan, shape: BackwardShape): BackwardPlan {
  const made = once(plan, `backward, ${JSON.stringify(shape)}`, () => makeBackwardPlan(plan, shape));
  return { ...made, units: made.units.slice() };
}

export interface BackwardShape {
  readonly heads: number;
  /** Of a head's queries and keys, and of its values. */
  readonly widths: readonly [number, number];
  /** Queries see keys after them. */
  readonly ahead: boolean;
  /** All heads share a bias. */
  readonly shared: boolean;
}

function makeBackwardPlan({ starts, lengths }: Plan, { heads, widths, ahead, shared }: BackwardShape): BackwardPlan {
  const [width, valueWidth] = widths;
  const present = Array.from(lengths.keys()).filter((b) => lengths[b] > 0);
  const pairs = (length: number): number => length * (length + KEY_BLOCK);
  const total = present.reduce((sum, b) => sum + heads * pairs(lengths[b]), 0);
  const panelBytes = Math.ceil(width / 6) * 384;
  const parts: Part[] = [];
  const items: number[] = [];
  const table: number[] = [];
  let bytes = 0;
  for (const b of present) {
    const length = lengths[b];
    const panels = Math.ceil(length / PANEL);
    const wanted = Math.min(MAXIMUM_PARTS, Math.ceil((TARGET_UNITS * pairs(length)) / total));
    const edges = keyRanges(length, wanted);
    const alone = edges.length === 2 && panels * panelBytes <= SCRATCH_DQ;
    const narrow = heads * (width + valueWidth) <= TOGETHER_WIDTH && heads * panels * panelBytes <= SCRATCH_DQ;
    const together = alone && shared && narrow ? heads : 1;
    for (let head = 0; head < heads; head += together) {
      const base = table.length / 2;
      for (let i = 0; i + 1 < edges.length; i++) {
        const [first, end] = [edges[i], edges[i + 1]];
        // Queries that see what comes after them may come before the keys.
        const firstPanel = ahead ? 0 : Math.floor((first + panels * PANEL - length) / PANEL);
        const cost = together * (pairs(length - first) - pairs(length - end));
        if (alone) {
          parts.push({ start: starts[b], length, head, first, end, firstPanel: -together, at: 0, cost });
          continue;
        }
        parts.push({ start: starts[b], length, head, first, end, firstPanel, at: bytes, cost });
        table.push(firstPanel, bytes);
        bytes += (panels - firstPanel) * panelBytes;
      }
      for (const { first, rows } of alone ? [] : queryChunks(length)) {
        items.push(starts[b], first, rows, head, base * 8, edges.length - 1, 0, 0);
      }
    }
  }
  parts.sort((p, q) => q.cost - p.cost || p.start - q.start || p.head - q.head || p.first - q.first);
  const count = Math.min(GROUPS, parts.length);
  const members: Part[][] = Array.from({ length: count }, () => []);
  const loads = new Float64Array(count);
  for (const part of parts) {
    let lightest = 0;
    for (let g = 1; g < count; g++) if (loads[g] < loads[lightest]) lightest = g;
    members[lightest].push(part);
    loads[lightest] += part.cost;
  }
  const groups = new Int32Array(count + 1);
  for (let g = 0; g < count; g++) groups[g + 1] = groups[g] + members[g].length;
  const units = members.flat().flatMap(({ start, first, end, head, length, at, firstPanel }) => {
    return [start, first, end, head, 0, length, at, firstPanel];
  });
  return {
    units: Int32Array.from(units),
    groups,
    count,
    items: Int32Array.from(items),
    parts: Int32Array.from(table),
    bytes,
  };
}

/** Edges of `wanted` ranges of keys with about equal numbers of pairs, multiples of the key block. */
function keyRanges(length: number, wanted: number): number[] {
  const edges = [0];
  for (let i = 1; i < wanted; i++) {
    const key = length * (1 - Math.sqrt(1 - i / wanted));
    const edge = Math.round(key / KEY_BLOCK) * KEY_BLOCK;
    if (edge > edges[edges.length - 1] && edge < length) edges.push(edge);
  }
  edges.push(length);
  return edges;
}

/** Writes a plan into memory, its relative addresses made absolute; the parts of dQ will lie at `memory`. */
export function placeParts(
  backend: SimdBackend,
  { units, groups, items, parts }: BackwardPlan,
  memory: number,
  { at, atGroups, atItems, atParts }: { at: number; atGroups: number; atItems: number; atParts: number },
): void {
  const place = (list: Int32Array, address: number, step: number, slot: number, base: number): void => {
    const absolute = list.slice();
    for (let i = slot; i < absolute.length; i += step) absolute[i] += base;
    backend.copy(absolute, address);
  };
  place(units, at, UNIT, 6, memory);
  place(items, atItems, UNIT, 4, atParts);
  place(parts, atParts, 2, 1, memory);
  backend.copy(groups, atGroups);
}
