import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../../errors.ts';
import { HstuAttention, type HstuAttentionAttrs, HstuAttentionGrad } from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { backwardUnits, checkWidths, forwardUnits, sequenceLengths } from './attention-plan.ts';
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

function forward(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo {
  const { q, k, v, offsets } = inputs;
  const { starts, lengths } = sequenceLengths(OP, backend, offsets, q.shape[0]);
  const { ints } = common(backend, inputs, attrs, Math.max(0, ...lengths));
  const [pq, pk, pv] = [q, k, v].map((x) => backend.address(x));
  const out = backend.output(v.shape);
  zero(backend, out.address, sizeOf(out.info));
  const units = forwardUnits(starts, lengths);
  backend.withTemporaries([units.byteLength], 'attention units', (at) => {
    backend.ints(at, units.length).set(units);
    backend.pool.run(KERNEL.hstuForward, units.length / 4, [pq, pk, pv, out.address, at, ...ints], {
      8: attrs.scale,
      9: 1 / attrs.normalizer,
    });
  });
  return out.info;
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: HstuAttentionAttrs): TensorInfo[] {
  const { q, k, v, offsets, positionWeights, timeWeights, dy } = inputs;
  const { starts, lengths } = sequenceLengths(OP, backend, offsets, q.shape[0]);
  const { ints } = common(backend, inputs, attrs, Math.max(0, ...lengths));
  const [pq, pk, pv, pd] = [q, k, v, dy].map((x) => backend.address(x));
  const outputs = [q, k, v, positionWeights, timeWeights].map((x) => backend.output(x.shape));
  for (const { info, address } of outputs) zero(backend, address, sizeOf(info));
  const [dq, dk, dv, dPosition, dTime] = outputs;
  const { units, groups, count } = backwardUnits(starts, lengths, q.shape[1]);
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
  override(name, HstuAttentionGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as HstuAttentionAttrs),
  );
}
