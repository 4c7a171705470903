import type { TensorInfo } from '@tensorflow/tfjs-core';
import { CausalAttention, type CausalAttentionAttrs, CausalAttentionGrad } from '../../kernel-names.ts';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import * as BACKWARD_UNIT from '../slots/backward-unit.ts';
import * as FORWARD_UNIT from '../slots/forward-unit.ts';
import * as QUERY_CHUNK from '../slots/query-chunk.ts';
import { backwardPlan, placeParts } from './attention-backward-plan.ts';
import {
  checkWidths,
  forwardUnits,
  type Plan,
  panelRows,
  placeKept,
  sequencePlan,
  type Visible,
  visibleRanges,
} from './attention-plan.ts';
import { hasQueries, keyCount, queryRanges, querySlots, queryUnits } from './attention-queries.ts';
import { dropThreshold } from './random.ts';
import { override, sizeOf, zero } from './support.ts';
import type { Inputs } from './types.ts';

const OP = 'causalAttention';

/** What forward and backward pass are both given. */
function common(
  backend: SimdBackend,
  { q, k, v }: Inputs,
  logSumExp: number,
  { rate, k0, k1, step, first, scale }: CausalAttentionAttrs,
  visible: Visible,
) {
  const [, h, a] = q.shape;
  checkWidths(OP, a, v.shape[2]);
  return {
    Q: backend.address(q),
    K: backend.address(k),
    V: backend.address(v),
    HEADS: h,
    WIDTH: a,
    VALUE_WIDTH: v.shape[2],
    SCALE: float(scale),
    LOG_SUM_EXP: logSumExp,
    THRESHOLD: dropThreshold(rate),
    KEEP_SCALE: float(1 / (1 - rate)),
    K0: k0,
    K1: k1,
    STEP: step,
    DROPOUT: rate > 0 ? 1 : 0,
    FIRST: first,
    VISIBLE: visible.address,
    GLOBAL_KEYS: visible.globalKeys,
  };
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

function forward(inputs: Inputs, backend: SimdBackend, attrs: CausalAttentionAttrs): TensorInfo[] | undefined {
  if (hasQueries(inputs)) return forwardQueries(inputs, backend, attrs);
  const { q, v, offsets } = inputs;
  const plan = sequencePlan(OP, backend, offsets, q.shape[0]);
  const visible = visibleRanges(backend, inputs.visible, plan, attrs.globalKeys);
  const out = backend.output(v.shape);
  const logSumExp = backend.output([q.shape[0], q.shape[1]]);
  const shared = common(backend, inputs, logSumExp.address, attrs, visible);
  const units = forwardUnits(plan, q.shape[1]);
  const kept = keptDrops(plan, q.shape[1], visible, attrs);
  if (kept)
    placeKept(
      FORWARD_UNIT,
      units,
      kept.bases,
      backend.attach(logSumExp.info, kept.bytes, kept.name, 'dropout that is kept'),
    );
  backend.withTemporaries([units.byteLength], 'attention units', (at) => {
    backend.copy(units, at);
    const values = { ...shared, ...querySlots(OP, backend, inputs), OUT: out.address, UNITS: at };
    backend.pool.run(KERNEL.softmaxForward, units.length / FORWARD_UNIT.SIZE, values);
  });
  return [out.info, logSumExp.info];
}

/** Of queries that are not the tokens; those of candidates have no dropout here. */
function forwardQueries(inputs: Inputs, backend: SimdBackend, attrs: CausalAttentionAttrs): TensorInfo[] | undefined {
  const { q, v, offsets } = inputs;
  if (attrs.rate > 0) return undefined;
  const plan = sequencePlan(OP, backend, offsets, keyCount(inputs));
  const out = backend.output([q.shape[0], v.shape[1], v.shape[2]]);
  const logSumExp = backend.output([q.shape[0], q.shape[1]]);
  const { units, leavesRows } = queryUnits(OP, backend, inputs, plan, q.shape[1]);
  if (leavesRows) for (const { address, info } of [out, logSumExp]) zero(backend, address, sizeOf(info));
  const visible = queryRanges(OP, backend, inputs, plan, attrs.globalKeys);
  const shared = common(backend, inputs, logSumExp.address, attrs, visible);
  backend.withTemporaries([units.byteLength], 'attention units', (at) => {
    backend.copy(units, at);
    const values = { ...shared, ...querySlots(OP, backend, inputs), OUT: out.address, UNITS: at };
    backend.pool.run(KERNEL.softmaxForward, units.length / FORWARD_UNIT.SIZE, values);
  });
  return [out.info, logSumExp.info];
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: CausalAttentionAttrs): TensorInfo[] | undefined {
  if (hasQueries(inputs)) return undefined;
  const { q, k, v, offsets, out, logSumExp, dy } = inputs;
  const plan = sequencePlan(OP, backend, offsets, q.shape[0]);
  const visible = visibleRanges(backend, inputs.visible, plan, attrs.globalKeys);
  const [po, pl, pd] = [out, logSumExp, dy].map((x) => backend.address(x));
  const shared = common(backend, inputs, pl, attrs, visible);
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
  if (kept && block !== undefined) placeKept(BACKWARD_UNIT, units, kept.bases, block);
  const sizes = [...[units, groups, items, parts].map(({ byteLength }) => byteLength), work.bytes];
  backend.withTemporaries(sizes, 'partial gradients', (at, atGroups, atItems, atParts, memory) => {
    placeParts(backend, work, memory, { at, atGroups, atItems, atParts });
    backend.pool.run(KERNEL.softmaxBackward, count, {
      ...shared,
      OUT: po,
      UNITS: at,
      D_OUT: pd,
      DQ: dq,
      DK: dk,
      DV: dv,
      GROUPS: atGroups,
    });
    const { HEADS, WIDTH, SCALE } = shared;
    const sums = { CHUNKS: atItems, HEADS, WIDTH, SCALE, INVERSE: float(1), DQ: dq };
    backend.pool.run(KERNEL.attentionQueryGrad, items.length / QUERY_CHUNK.SIZE, sums);
  });
  return [...outputs, backend.output([0]), backend.output([0])].map(({ info }) => info);
}

export function registerCausalAttention(name: string): void {
  override(name, CausalAttention, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as CausalAttentionAttrs),
  );
  override(name, CausalAttentionGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as CausalAttentionAttrs),
  );
}
