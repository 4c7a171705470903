import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../../errors.ts';
import { HstuAttention, type HstuAttentionAttrs, HstuAttentionGrad, HstuAttentionLast } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import {
  backwardPlan,
  checkWidths,
  forwardUnits,
  lastQueryUnits,
  PANEL,
  type Plan,
  panelRows,
  placeParts,
  sequencePlan,
  UNIT,
  type Visible,
  visibleRanges,
} from './attention-plan.ts';
import { CHUNK, override, sizeOf } from './support.ts';
import { bucketCells } from './time-buckets.ts';
import type { Inputs } from './types.ts';

const OP = 'hstuAttention';
/** Slots 18 to 25 of the argument block belong to the backward pass. */
export const NO_GRADIENT = [0, 0, 0, 0, 0, 0, 0, 0] as const;
const CAUSAL: Visible = { address: 0, ahead: false, globalKeys: 0 };

/** Zeroes a block before kernels add into it. */
export function zero(backend: SimdBackend, address: number, floats: number): void {
  backend.pool.run(KERNEL.fill, Math.ceil(floats / CHUNK), [address, floats, CHUNK, 0], { 3: 0 });
}

/** Slots 5 to 17 of the argument block, shared by both directions. */
function common(
  backend: SimdBackend,
  inputs: Inputs,
  attrs: HstuAttentionAttrs,
  longest: number,
  table: DistanceTable,
): number[] {
  const { q, v, positionWeights, timeWeights, queryTimes, keyTimes } = inputs;
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
  const bias = hasPosition || hasTime ? table.address + 4 * table.origin : 0;
  return [
    ...[h, a, c, 0, 0, bias, n, address(timeWeights, hasTime), sizeOf(timeWeights)],
    ...[address(queryTimes, hasTime), address(keyTimes, hasTime), cells.address, cells.shift],
  ];
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
  backend.pool.run(KERNEL.distanceTable, 1, [from, weights > 0 ? n : 0, address, size, origin, first, longest]);
}

/** Bytes before a panel's buckets, as in `assembly/attention-bias.ts`. */
const KEPT_HEADER = 16;
/** Above this many bytes buckets are made anew in every layer instead of kept. */
const KEPT_BUCKETS = 64 * 1024 * 1024;

/**
 * Writes into each unit where its sequence's time buckets lie. They depend on the timestamps alone, so they are made
 * once and kept with `queryTimes`: every layer, forward and backward, reads them. Very long sequences do without.
 */
function placeBuckets(
  backend: SimdBackend,
  inputs: Inputs,
  attrs: HstuAttentionAttrs,
  plan: Plan,
  units: Int32Array,
  ints: readonly number[],
  { ahead }: Visible,
): void {
  const { queryTimes, keyTimes, timeWeights } = inputs;
  const count = sizeOf(timeWeights);
  // Kept rows end with the query's own panel.
  if (count === 0 || count > 256 || ahead) return;
  const { bases, total } = panelRows(plan, PANEL / 2, KEPT_HEADER);
  if (total > KEPT_BUCKETS) return;
  const name = `buckets/${(keyTimes.dataId as { id: number }).id}/${attrs.bucketDivisor}/${count}/${plan.key}`;
  const kept = backend.attached(queryTimes, name);
  const block = kept ?? backend.attach(queryTimes, total + 64, name);
  const place = (list: Int32Array): void => {
    for (let u = 0; u < list.length; u += UNIT) {
      list[u + 4] = block + (bases.get(list[u]) as number);
    }
  };
  place(units);
  if (kept !== undefined) return;
  const all = forwardUnits(plan);
  place(all);
  backend.withTemporaries([all.byteLength], 'attention units', (at) => {
    backend.copy(all, at);
    backend.pool.run(KERNEL.bucketRows, all.length / UNIT, [0, 0, 0, 0, at, ...ints]);
  });
}

function forward(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo {
  const { q, k, v, offsets } = inputs;
  const plan = sequencePlan(OP, backend, offsets, q.shape[0]);
  const { longest } = plan;
  const [pq, pk, pv] = [q, k, v].map((x) => backend.address(x));
  const out = backend.output(v.shape);
  const units = forwardUnits(plan);
  const visible = visibleRanges(backend, inputs.visible, plan, attrs.globalKeys);
  const shape = tableShape(longest, visible);
  backend.withTemporaries([units.byteLength, shape.size * 4], 'attention units', (at, address) => {
    const ints = common(backend, inputs, attrs, longest, { ...shape, address });
    placeBuckets(backend, inputs, attrs, plan, units, ints, visible);
    backend.copy(units, at);
    backend.pool.run(
      KERNEL.hstuForward,
      units.length / UNIT,
      [pq, pk, pv, out.address, at, ...ints, ...NO_GRADIENT, visible.address, 0, visible.globalKeys],
      {
        8: attrs.scale,
        9: 1 / attrs.normalizer,
      },
    );
  });
  return out.info;
}

/** The last query of each sequence alone. Its time buckets are made on the way: no other layer needs these rows. */
function forwardLast(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo {
  const { q, k, v, offsets } = inputs;
  const plan = sequencePlan(OP, backend, offsets, k.shape[0]);
  const { longest } = plan;
  const [pq, pk, pv] = [q, k, v].map((x) => backend.address(x));
  const out = backend.output([q.shape[0], v.shape[1], v.shape[2]]);
  zero(backend, out.address, sizeOf(out.info));
  const units = lastQueryUnits(plan);
  const shape = tableShape(longest, CAUSAL);
  backend.withTemporaries([units.byteLength, shape.size * 4], 'attention units', (at, address) => {
    const ints = common(backend, inputs, attrs, longest, { ...shape, address });
    backend.copy(units, at);
    const floats = { 8: attrs.scale, 9: 1 / attrs.normalizer };
    backend.pool.run(
      KERNEL.hstuForward,
      units.length / UNIT,
      [pq, pk, pv, out.address, at, ...ints, ...NO_GRADIENT, 0],
      floats,
    );
  });
  return out.info;
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo[] {
  const { q, k, v, offsets, positionWeights, timeWeights, dy } = inputs;
  const plan = sequencePlan(OP, backend, offsets, q.shape[0]);
  const { longest } = plan;
  const [pq, pk, pv, pd] = [q, k, v, dy].map((x) => backend.address(x));
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
    const ints = common(backend, inputs, attrs, longest, { ...shape, address });
    placeBuckets(backend, inputs, attrs, plan, units, ints, visible);
    placeParts(backend, work, memory, { at, atGroups, atItems, atParts });
    zero(backend, partialDistance, count * distances);
    zero(backend, partialTime, count * times);
    const shared = [pq, pk, pv, 0, at, ...ints, pd, dq.address, dk.address, dv.address];
    const floats = { 8: attrs.scale, 9: 1 / attrs.normalizer };
    backend.pool.run(
      KERNEL.hstuBackward,
      count,
      [
        ...[...shared, partialDistance, partialTime, atGroups, distances],
        ...[visible.address, shape.origin, visible.globalKeys],
      ],
      floats,
    );
    backend.pool.run(
      KERNEL.attentionQueryGrad,
      items.length / UNIT,
      [pq, pk, pv, 0, atItems, ...shared.slice(5)],
      floats,
    );
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
  return outputs.map(({ info }) => info);
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
  const factor = new Int32Array(new Float64Array([scale]).buffer);
  const ints = [from, groups, stride, count, to, step, SUMS_PER_TASK, 0, ...factor];
  backend.pool.run(KERNEL.sumGroups, Math.ceil(count / SUMS_PER_TASK), ints);
}

export function registerHstuAttention(name: string): void {
  override(name, HstuAttention, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as HstuAttentionAttrs),
  );
  override(name, HstuAttentionLast, (inputs, backend, attrs) =>
    forwardLast(inputs, backend, attrs as unknown as HstuAttentionAttrs),
  );
  override(name, HstuAttentionGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as HstuAttentionAttrs),
  );
}
