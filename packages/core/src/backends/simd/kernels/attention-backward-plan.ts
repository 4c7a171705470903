import { recordOf } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import * as BACKWARD_UNIT from '../slots/backward-unit.ts';
import * as QUERY_CHUNK from '../slots/query-chunk.ts';
import * as QUERY_PART from '../slots/query-part.ts';
import { once, PANEL, type Plan, queryChunks } from './attention-plan.ts';

/** Groups of sequences in a backward pass: each owns partial bias gradients, added in order at the end. */
const GROUPS = 32;
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
      const base = table.length * 4;
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
        table.push(...recordOf(QUERY_PART, { FIRST_PANEL: firstPanel, SUMS: bytes }));
        bytes += (panels - firstPanel) * panelBytes;
      }
      for (const { first, rows } of alone ? [] : queryChunks(length)) {
        items.push(
          ...recordOf(QUERY_CHUNK, {
            START: starts[b],
            FIRST: first,
            QUERIES: rows,
            HEAD: head,
            PARTS: base,
            COUNT: edges.length - 1,
          }),
        );
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
  const units = members.flat().flatMap(({ start, first, end, head, length, at, firstPanel }) =>
    recordOf(BACKWARD_UNIT, {
      START: start,
      FIRST_KEY: first,
      END_KEY: end,
      HEAD: head,
      KEPT: 0,
      LENGTH: length,
      PART: at,
      FIRST_PANEL: firstPanel,
    }),
  );
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
  place(units, at, BACKWARD_UNIT.SIZE, BACKWARD_UNIT.PART, memory);
  place(items, atItems, QUERY_CHUNK.SIZE, QUERY_CHUNK.PARTS, atParts);
  place(parts, atParts, QUERY_PART.SIZE, QUERY_PART.SUMS, memory);
  backend.copy(groups, atGroups);
}
