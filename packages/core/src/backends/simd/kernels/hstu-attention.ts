import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../../errors.ts';
import { HstuAttention, type HstuAttentionAttrs, HstuAttentionGrad, HstuAttentionLast } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import {
  backwardUnits,
  checkWidths,
  forwardUnits,
  lastQueryUnits,
  type Plan,
  sequenceLengths,
  UNIT,
} from './attention-plan.ts';
import { CHUNK, type Inputs, override, sizeOf } from './support.ts';
import { bucketCells } from './time-buckets.ts';

const OP = 'hstuAttention';

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
): { ints: number[]; n: number } {
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
  const ints = [
    ...[h, a, c, 0, 0, address(positionWeights, hasPosition), n, address(timeWeights, hasTime), sizeOf(timeWeights)],
    ...[address(queryTimes, hasTime), address(keyTimes, hasTime), cells.address, cells.shift],
  ];
  return { ints, n };
}

/** Above this many bytes buckets are made anew in every layer instead of kept. */
const KEPT_BUCKETS = 64 * 1024 * 1024;

/**
 * Writes into each unit where its sequence's time buckets lie. They depend on the timestamps alone, so they are made once
 * and kept with `queryTimes`: every layer, forward and backward, reads them. Very long sequences do without.
 */
function placeBuckets(
  backend: SimdBackend,
  inputs: Inputs,
  attrs: HstuAttentionAttrs,
  plan: Plan,
  units: Int32Array,
  ints: readonly number[],
): void {
  const { queryTimes, keyTimes, timeWeights } = inputs;
  const { starts, lengths } = plan;
  const count = sizeOf(timeWeights);
  if (count === 0 || count > 256) return;
  const strides = Array.from(lengths, (length) => Math.ceil(length / 8) * 8);
  const bases = new Map<number, { base: number; stride: number }>();
  let total = 0;
  lengths.forEach((length, b) => {
    if (length > 0) bases.set(starts[b], { base: total, stride: strides[b] });
    total += length * strides[b];
  });
  if (total > KEPT_BUCKETS) return;
  const name = `buckets/${(keyTimes.dataId as { id: number }).id}/${attrs.bucketDivisor}/${count}/${lengths.join()}`;
  const kept = backend.attached(queryTimes, name);
  const block = kept ?? backend.attach(queryTimes, total + 64, name);
  const place = (list: Int32Array): void => {
    for (let u = 0; u < list.length; u += UNIT) {
      const { base, stride } = bases.get(list[u]) as { base: number; stride: number };
      list[u + 4] = block + base;
      list[u + 5] = stride;
    }
  };
  place(units);
  if (kept !== undefined) return;
  const all = forwardUnits(starts, lengths);
  place(all);
  backend.withTemporaries([all.byteLength], 'attention units', (at) => {
    backend.ints(at, all.length).set(all);
    backend.pool.run(KERNEL.bucketRows, all.length / UNIT, [0, 0, 0, 0, at, ...ints]);
  });
}

function forward(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo {
  const { q, k, v, offsets } = inputs;
  const plan = sequenceLengths(OP, backend, offsets, q.shape[0]);
  const { starts, lengths } = plan;
  const { ints } = common(backend, inputs, attrs, Math.max(0, ...lengths));
  const [pq, pk, pv] = [q, k, v].map((x) => backend.address(x));
  const out = backend.output(v.shape);
  zero(backend, out.address, sizeOf(out.info));
  const units = forwardUnits(starts, lengths);
  placeBuckets(backend, inputs, attrs, plan, units, ints);
  backend.withTemporaries([units.byteLength], 'attention units', (at) => {
    backend.ints(at, units.length).set(units);
    backend.pool.run(KERNEL.hstuForward, units.length / UNIT, [pq, pk, pv, out.address, at, ...ints], {
      8: attrs.scale,
      9: 1 / attrs.normalizer,
    });
  });
  return out.info;
}

/** The last query of each sequence alone. Its time buckets are made on the way: no other layer needs these rows. */
function forwardLast(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo {
  const { q, k, v, offsets } = inputs;
  const plan = sequenceLengths(OP, backend, offsets, k.shape[0]);
  const { ints } = common(backend, inputs, attrs, Math.max(0, ...plan.lengths));
  const [pq, pk, pv] = [q, k, v].map((x) => backend.address(x));
  const out = backend.output([q.shape[0], v.shape[1], v.shape[2]]);
  zero(backend, out.address, sizeOf(out.info));
  const units = lastQueryUnits(plan);
  backend.withTemporaries([units.byteLength], 'attention units', (at) => {
    backend.ints(at, units.length).set(units);
    const floats = { 8: attrs.scale, 9: 1 / attrs.normalizer };
    backend.pool.run(KERNEL.hstuForward, units.length / UNIT, [pq, pk, pv, out.address, at, ...ints], floats);
  });
  return out.info;
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo[] {
  const { q, k, v, offsets, positionWeights, timeWeights, dy } = inputs;
  const plan = sequenceLengths(OP, backend, offsets, q.shape[0]);
  const { starts, lengths } = plan;
  const { ints } = common(backend, inputs, attrs, Math.max(0, ...lengths));
  const [pq, pk, pv, pd] = [q, k, v, dy].map((x) => backend.address(x));
  const outputs = [q, k, v, positionWeights, timeWeights].map((x) => backend.output(x.shape));
  for (const { info, address } of outputs) zero(backend, address, sizeOf(info));
  const [dq, dk, dv, dPosition, dTime] = outputs;
  const { units, groups, count } = backwardUnits(starts, lengths, q.shape[1]);
  placeBuckets(backend, inputs, attrs, plan, units, ints);
  const [positions, times] = [sizeOf(positionWeights), sizeOf(timeWeights)];
  const sizes = [units.byteLength, groups.byteLength, count * positions * 4, count * times * 4];
  backend.withTemporaries(sizes, 'partial bias gradients', (at, atGroups, partialPosition, partialTime) => {
    backend.ints(at, units.length).set(units);
    backend.ints(atGroups, groups.length).set(groups);
    zero(backend, partialPosition, count * positions);
    zero(backend, partialTime, count * times);
    backend.pool.run(
      KERNEL.hstuBackward,
      count,
      [pq, pk, pv, 0, at, ...ints, pd, dq.address, dk.address, dv.address, partialPosition, partialTime, atGroups],
      { 8: attrs.scale, 9: 1 / attrs.normalizer },
    );
    for (const [partial, target, size] of [
      [partialPosition, dPosition, positions],
      [partialTime, dTime, times],
    ] as const) {
      if (size > 0 && count > 0)
        backend.pool.run(KERNEL.reduceFirst, 1, [0, partial, target.address, count, size, count, 1, 0]);
    }
  });
  return outputs.map(({ info }) => info);
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
