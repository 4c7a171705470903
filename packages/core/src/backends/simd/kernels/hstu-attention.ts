import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../../errors.ts';
import { HstuAttention, type HstuAttentionAttrs, HstuAttentionGrad } from '../../kernel-names.ts';
import { type Arguments, float, halves } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import * as BACKWARD_UNIT from '../slots/backward-unit.ts';
import * as FORWARD_UNIT from '../slots/forward-unit.ts';
import * as QUERY_CHUNK from '../slots/query-chunk.ts';
import { backwardPlan, placeParts } from './attention-backward-plan.ts';
import {
  checkWidths,
  forwardUnits,
  PANEL,
  type Plan,
  panelRows,
  placeKept,
  sequencePlan,
  type Visible,
  visibleRanges,
} from './attention-plan.ts';
import { hasQueries, keyCount, queryRanges, querySlots, queryUnits } from './attention-queries.ts';
import { override, sizeOf, zero } from './support.ts';
import { bucketCells } from './time-buckets.ts';
import type { Inputs } from './types.ts';

const OP = 'hstuAttention';

/** What forward and backward pass are both given. */
function common(
  backend: SimdBackend,
  inputs: Inputs,
  attrs: HstuAttentionAttrs,
  longest: number,
  table: DistanceTable,
  visible: Visible,
) {
  const { q, k, v, positionWeights, timeWeights, queryTimes, keyTimes } = inputs;
  const [, h, a] = q.shape;
  const c = v.shape[2];
  checkWidths(OP, a, c);
  const hasPosition = sizeOf(positionWeights) > 0;
  const hasTime = sizeOf(timeWeights) > 0;
  const n = hasPosition ? (sizeOf(positionWeights) + 1) / 2 : longest;
  if (longest > n) {
    throw new ShapeError(
      `${OP}: expected sequences of at most n = ${n} tokens, since positionWeights has 2n - 1 = ${2 * n - 1} entries; got a length of ${longest}`,
    );
  }
  const cells = hasTime
    ? bucketCells(backend, sizeOf(timeWeights) - 1, attrs.bucketDivisor)
    : { address: 0, shift: 18 };
  const address = (x: TensorInfo, present: boolean): number => (present ? backend.address(x) : 0);
  if (hasPosition || hasTime) fillTable(backend, positionWeights, longest, table);
  return {
    Q: backend.address(q),
    K: backend.address(k),
    V: backend.address(v),
    HEADS: h,
    WIDTH: a,
    VALUE_WIDTH: c,
    SCALE: float(attrs.scale),
    INVERSE: float(1 / attrs.normalizer),
    BIAS: hasPosition || hasTime ? table.address + 4 * table.origin : 0,
    TIME_WEIGHTS: address(timeWeights, hasTime),
    TIME_BUCKETS: sizeOf(timeWeights),
    QUERY_TIMES: address(queryTimes, hasTime),
    KEY_TIMES: address(keyTimes, hasTime),
    CELLS: cells.address,
    CELL_SHIFT: cells.shift,
    VISIBLE: visible.address,
    GLOBAL_KEYS: visible.globalKeys,
  };
}

/** Floats by distance `i - j`: `size` of them, distance 0 at `origin`. */
interface DistanceTable {
  readonly size: number;
  readonly origin: number;
  readonly address: number;
}

/** Shape of a table: negative distances where a query sees what comes after it; a panel's width more on both sides. */
function tableShape(longest: number, { ahead }: Visible): Omit<DistanceTable, 'address'> {
  const before = ahead ? longest : 0;
  return { size: before + longest + 2 * PANEL, origin: before + PANEL };
}

/**
 * Position weights by distance: neighbours in a panel of queries are neighbours here. Zeros for pairs that are hidden.
 */
function fillTable(
  backend: SimdBackend,
  positionWeights: TensorInfo,
  longest: number,
  { address, size, origin }: DistanceTable,
): void {
  const weights = sizeOf(positionWeights);
  const n = (weights + 1) / 2;
  const from = weights > 0 ? backend.address(positionWeights) : 0;
  const first = Math.max(1 - longest, -origin);
  backend.pool.run(KERNEL.distanceTable, 1, {
    WEIGHTS: from,
    N: weights > 0 ? n : 0,
    TABLE: address,
    SIZE: size,
    ORIGIN: origin,
    FIRST: first,
    END: longest,
  });
}

/** Bytes before a panel's buckets, as in `assembly/attention-bias.ts`. */
const KEPT_HEADER = 16;
/** Above this many bytes buckets are made anew in every layer instead of kept. */
const KEPT_BUCKETS = 64 * 1024 * 1024;

/**
 * Places of the time buckets of each sequence, by its start; undefined where none are kept. They depend on the
 * timestamps alone, so they are made once and kept with `queryTimes`: every layer, forward and backward, reads them.
 * Very long sequences do without.
 */
function keptBuckets(
  backend: SimdBackend,
  inputs: Inputs,
  attrs: HstuAttentionAttrs,
  plan: Plan,
  { QUERY_TIMES, KEY_TIMES, CELLS, CELL_SHIFT }: Omit<Arguments<typeof KERNEL.bucketRows>, 'UNITS'>,
  { ahead }: Visible,
): { readonly bases: ReadonlyMap<number, number>; readonly block: number } | undefined {
  const { queryTimes, keyTimes, timeWeights } = inputs;
  const count = sizeOf(timeWeights);
  // Kept rows end with the query's own panel.
  if (count === 0 || count > 256 || ahead) return undefined;
  const { bases, total } = panelRows(plan, PANEL / 2, KEPT_HEADER);
  if (total > KEPT_BUCKETS) return undefined;
  const name = `buckets/${(keyTimes.dataId as { id: number }).id}/${attrs.bucketDivisor}/${count}/${plan.key}`;
  const kept = backend.attached(queryTimes, name);
  if (kept !== undefined) return { bases, block: kept };
  const block = backend.attach(queryTimes, total + 64, name);
  const all = forwardUnits(plan, 0);
  placeKept(FORWARD_UNIT, all, bases, block);
  backend.withTemporaries([all.byteLength], 'attention units', (at) => {
    backend.copy(all, at);
    const values = { UNITS: at, QUERY_TIMES, KEY_TIMES, CELLS, CELL_SHIFT };
    backend.pool.run(KERNEL.bucketRows, all.length / FORWARD_UNIT.SIZE, values);
  });
  return { bases, block };
}

function forward(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo {
  if (hasQueries(inputs)) return forwardQueries(inputs, backend, attrs);
  const { q, v, offsets } = inputs;
  const plan = sequencePlan(OP, backend, offsets, q.shape[0]);
  const { longest } = plan;
  const out = backend.output(v.shape);
  const units = forwardUnits(plan, q.shape[1]);
  const visible = visibleRanges(backend, inputs.visible, plan, attrs.globalKeys);
  const shape = tableShape(longest, visible);
  backend.withTemporaries([units.byteLength, shape.size * 4], 'attention units', (at, address) => {
    const shared = common(backend, inputs, attrs, longest, { ...shape, address }, visible);
    const kept = keptBuckets(backend, inputs, attrs, plan, shared, visible);
    if (kept) placeKept(FORWARD_UNIT, units, kept.bases, kept.block);
    backend.copy(units, at);
    const values = { ...shared, ...querySlots(OP, backend, inputs), OUT: out.address, UNITS: at };
    backend.pool.run(KERNEL.hstuForward, units.length / FORWARD_UNIT.SIZE, values);
  });
  return out.info;
}

/** Of queries that are not the tokens. Their time buckets are made on the way: no other layer need have such rows. */
function forwardQueries(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo {
  const { q, v, offsets } = inputs;
  const plan = sequencePlan(OP, backend, offsets, keyCount(inputs));
  const own = inputs.selfK.shape.length > 1 ? 1 : 0;
  const longest = plan.longest + own;
  const out = backend.output([q.shape[0], v.shape[1], v.shape[2]]);
  const { units, leavesRows } = queryUnits(OP, backend, inputs, plan, v.shape[1]);
  if (leavesRows) zero(backend, out.address, sizeOf(out.info));
  const visible = queryRanges(OP, backend, inputs, plan, attrs.globalKeys);
  const shape = tableShape(longest, visible);
  backend.withTemporaries([units.byteLength, shape.size * 4], 'attention units', (at, address) => {
    const shared = common(backend, inputs, attrs, longest, { ...shape, address }, visible);
    backend.copy(units, at);
    const values = { ...shared, ...querySlots(OP, backend, inputs), OUT: out.address, UNITS: at };
    backend.pool.run(KERNEL.hstuForward, units.length / FORWARD_UNIT.SIZE, values);
  });
  return out.info;
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo[] | undefined {
  if (hasQueries(inputs)) return undefined;
  const { q, k, v, offsets, positionWeights, timeWeights, dy } = inputs;
  const plan = sequencePlan(OP, backend, offsets, q.shape[0]);
  const { longest } = plan;
  const pd = backend.address(dy);
  const outputs = [q, k, v, positionWeights, timeWeights].map((x) => backend.output(x.shape));
  const [dq, dk, dv, dPosition, dTime] = outputs;
  const visible = visibleRanges(backend, inputs.visible, plan, attrs.globalKeys);
  const [positions, times] = [sizeOf(positionWeights), sizeOf(timeWeights)];
  const work = backwardPlan(plan, {
    heads: q.shape[1],
    widths: [q.shape[2], v.shape[2]],
    ahead: visible.ahead,
    shared: positions + times > 0,
  });
  const { units, groups, count, items, parts } = work;
  const shape = tableShape(longest, visible);
  const distances = positions > 0 || times > 0 ? shape.size : 0;
  const sizes = [units, groups, items, parts].map(({ byteLength }) => byteLength);
  sizes.push(work.bytes, distances * 4, count * distances * 4, count * times * 4);
  backend.withTemporaries(sizes, 'partial gradients', (at, atGroups, atItems, atParts, ...rest) => {
    const [memory, address, partialDistance, partialTime] = rest;
    const shared = common(backend, inputs, attrs, longest, { ...shape, address }, visible);
    const kept = keptBuckets(backend, inputs, attrs, plan, shared, visible);
    if (kept) placeKept(BACKWARD_UNIT, units, kept.bases, kept.block);
    placeParts(backend, work, memory, { at, atGroups, atItems, atParts });
    zero(backend, partialDistance, count * distances);
    zero(backend, partialTime, count * times);
    backend.pool.run(KERNEL.hstuBackward, count, {
      ...shared,
      OUT: 0,
      UNITS: at,
      D_OUT: pd,
      DQ: dq.address,
      DK: dk.address,
      DV: dv.address,
      GROUPS: atGroups,
      DISTANCE_SUMS: partialDistance,
      BUCKET_SUMS: partialTime,
      DISTANCES: distances,
      ORIGIN: shape.origin,
    });
    const { HEADS, WIDTH, SCALE, INVERSE } = shared;
    const sums = { CHUNKS: atItems, HEADS, WIDTH, SCALE, INVERSE, DQ: dq.address };
    backend.pool.run(KERNEL.attentionQueryGrad, items.length / QUERY_CHUNK.SIZE, sums);
    const scale = 1 / attrs.normalizer;
    zero(backend, dPosition.address, positions);
    if (positions > 0) {
      // Entry n - 1 - d of the weights belongs to the distance d.
      const first = visible.ahead ? 1 - longest : 0;
      const to = dPosition.address + 4 * ((positions + 1) / 2 - 1 - first);
      const from = partialDistance + 4 * (shape.origin + first);
      sumGroups(backend, { from, groups: count, stride: distances, count: longest - first, to, step: -4, scale });
    }
    sumGroups(backend, {
      ...{ from: partialTime, groups: count, stride: times, count: times },
      ...{ to: dTime.address, step: 4, scale },
    });
  });
  return [...outputs, backend.output([0]), backend.output([0])].map(({ info }) => info);
}

interface GroupSum {
  /** Address of x: `groups` rows, `stride` floats apart. */
  readonly from: number;
  readonly groups: number;
  readonly stride: number;
  readonly count: number;
  /** Where the first sum goes, and how many bytes after it the next. */
  readonly to: number;
  readonly step: number;
  readonly scale: number;
}

const SUMS_PER_TASK = 1024;

/** Sums over groups, in order, times `scale`. */
function sumGroups(backend: SimdBackend, { from, groups, stride, count, to, step, scale }: GroupSum): void {
  const [low, high] = halves(scale);
  backend.pool.run(KERNEL.sumGroups, Math.ceil(count / SUMS_PER_TASK), {
    X: from,
    GROUPS: groups,
    STRIDE: stride,
    COUNT: count,
    Y: to,
    STEP_BYTES: step,
    PER_TASK: SUMS_PER_TASK,
    FACTOR_LOW: low,
    FACTOR_HIGH: high,
  });
}

export function registerHstuAttention(name: string): void {
  override(name, HstuAttention, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as HstuAttentionAttrs),
  );
  override(name, HstuAttentionGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as HstuAttentionAttrs),
  );
}
