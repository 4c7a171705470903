import type { TensorInfo } from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../../../errors.ts';
import {
  CausalAttention,
  type CausalAttentionAttrs,
  CausalAttentionGrad,
  CausalAttentionLast,
  type CausalAttentionLastAttrs,
} from '../../kernel-names.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import {
  backwardPlan,
  checkWidths,
  forwardUnits,
  lastQueryUnits,
  type Plan,
  panelRows,
  placeParts,
  sequencePlan,
  UNIT,
  type Visible,
  visibleRanges,
} from './attention-plan.ts';
import { NO_GRADIENT, zero } from './hstu-attention.ts';
import { dropThreshold } from './random.ts';
import { override, sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

const OP = 'causalAttention';

/** Slots 5 to 17. */
function common(
  q: TensorInfo,
  v: TensorInfo,
  logSumExp: number,
  { rate, k0, k1, step, first, scale }: CausalAttentionAttrs,
): number[] {
  const [, h, a] = q.shape;
  checkWidths(OP, a, v.shape[2]);
  if (!(scale > 0)) throw new UnsupportedError(`${OP}: expected a positive scale on the simd backend; got ${scale}`);
  return [h, a, v.shape[2], 0, logSumExp, dropThreshold(rate), 0, k0, k1, step, rate > 0 ? 1 : 0, first, 0];
}

function floats({ scale, rate }: CausalAttentionAttrs): Record<number, number> {
  return { 8: scale, 11: 1 / (1 - rate) };
}

/** Above this many bytes the backward pass makes dropout anew. */
const KEPT_DROPS = 16 * 1024 * 1024;

/** Under which name `logSumExp` keeps what dropout left; undefined where there is none, or no room. */
function keptDrops(plan: Plan, heads: number, { ahead }: Visible, attrs: CausalAttentionAttrs) {
  const { bases, total: bytes } = panelRows(plan, heads);
  // Kept rows end with the query's own panel.
  if (!(attrs.rate > 0) || ahead || bytes > KEPT_DROPS) return undefined;
  const { rate, k0, k1, step, first } = attrs;
  return { bytes: bytes + 64, bases, name: `dropout/${rate}/${k0}/${k1}/${step}/${first}/${plan.key}` };
}

/** Writes into each unit where its sequence's bits lie. */
function placeDrops(units: Int32Array, bases: ReadonlyMap<number, number>, block: number): void {
  for (let u = 0; u < units.length; u += UNIT) units[u + 4] = block + (bases.get(units[u]) as number);
}

function forward(inputs: Inputs, backend: SimdBackend, attrs: CausalAttentionAttrs): TensorInfo[] {
  const { q, k, v, offsets } = inputs;
  const plan = sequencePlan(OP, backend, offsets, q.shape[0]);
  const visible = visibleRanges(backend, inputs.visible, plan, attrs.globalKeys);
  const [pq, pk, pv] = [q, k, v].map((x) => backend.address(x));
  const out = backend.output(v.shape);
  const logSumExp = backend.output([q.shape[0], q.shape[1]]);
  const ints = common(q, v, logSumExp.address, attrs);
  const units = forwardUnits(plan);
  const kept = keptDrops(plan, q.shape[1], visible, attrs);
  if (kept) placeDrops(units, kept.bases, backend.attach(logSumExp.info, kept.bytes, kept.name));
  backend.withTemporaries([units.byteLength], 'attention units', (at) => {
    backend.copy(units, at);
    const all = [pq, pk, pv, out.address, at, ...ints, ...NO_GRADIENT, visible.address, 0, visible.globalKeys];
    backend.pool.run(KERNEL.softmaxForward, units.length / UNIT, all, floats(attrs));
  });
  return [out.info, logSumExp.info];
}

/** The last query of each sequence alone. */
function forwardLast(
  { q, k, v, offsets }: Inputs,
  backend: SimdBackend,
  { scale }: CausalAttentionLastAttrs,
): TensorInfo {
  const plan = sequencePlan(OP, backend, offsets, k.shape[0]);
  const [pq, pk, pv] = [q, k, v].map((x) => backend.address(x));
  const out = backend.output([q.shape[0], v.shape[1], v.shape[2]]);
  zero(backend, out.address, sizeOf(out.info));
  const units = lastQueryUnits(plan);
  const attrs = { scale, rate: 0, k0: 0, k1: 0, step: 0, first: 0 };
  const sizes = [units.byteLength, q.shape[0] * q.shape[1] * 4];
  backend.withTemporaries(sizes, 'attention units', (at, logSumExp) => {
    backend.copy(units, at);
    const ints = [pq, pk, pv, out.address, at, ...common(q, v, logSumExp, attrs), ...NO_GRADIENT, 0];
    backend.pool.run(KERNEL.softmaxForward, units.length / UNIT, ints, floats(attrs));
  });
  return out.info;
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: CausalAttentionAttrs): TensorInfo[] {
  const { q, k, v, offsets, out, logSumExp, dy } = inputs;
  const plan = sequencePlan(OP, backend, offsets, q.shape[0]);
  const visible = visibleRanges(backend, inputs.visible, plan, attrs.globalKeys);
  const [pq, pk, pv, po, pl, pd] = [q, k, v, out, logSumExp, dy].map((x) => backend.address(x));
  const ints = common(q, v, pl, attrs);
  const outputs = [q, k, v].map((x) => backend.output(x.shape));
  const [dq, dk, dv] = outputs.map(({ address }) => address);
  const work = backwardPlan(plan, {
    heads: q.shape[1],
    widths: [q.shape[2], v.shape[2]],
    ahead: visible.ahead,
    shared: false,
  });
  const { units, groups, count, items, parts } = work;
  const kept = keptDrops(plan, q.shape[1], visible, attrs);
  const block = kept && backend.attached(logSumExp, kept.name);
  if (kept && block !== undefined) placeDrops(units, kept.bases, block);
  const sizes = [...[units, groups, items, parts].map(({ byteLength }) => byteLength), work.bytes];
  backend.withTemporaries(sizes, 'partial gradients', (at, atGroups, atItems, atParts, memory) => {
    placeParts(backend, work, memory, { at, atGroups, atItems, atParts });
    const rest = [pd, dq, dk, dv, 0, 0, atGroups, 0, visible.address, 0, visible.globalKeys];
    backend.pool.run(KERNEL.softmaxBackward, count, [pq, pk, pv, po, at, ...ints, ...rest], floats(attrs));
    backend.pool.run(KERNEL.attentionQueryGrad, items.length / UNIT, [pq, pk, pv, po, atItems, ...ints, ...rest], {
      8: attrs.scale,
      9: 1,
    });
  });
  return outputs.map(({ info }) => info);
}

export function registerCausalAttention(name: string): void {
  override(name, CausalAttention, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as CausalAttentionAttrs),
  );
  override(name, CausalAttentionLast, (inputs, backend, attrs) =>
    forwardLast(inputs, backend, attrs as unknown as CausalAttentionLastAttrs),
  );
  override(name, CausalAttentionGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as CausalAttentionAttrs),
  );
}
