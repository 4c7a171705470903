import type * as tf from '@tensorflow/tfjs-core';
import { hostValues } from '../../composed/host.ts';
import {
  CausalAttention,
  type CausalAttentionAttrs,
  HstuAttention,
  type HstuAttentionAttrs,
} from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { BLOCK } from './attention-tiles.ts';
import { type BiasKind, extrasOf, withExtras } from './relative-bias.ts';
import { type Inputs, sizeOf } from './support.ts';
import { SIGMOID } from './wgsl.ts';

/** Keys that are scored at a time, one a thread; their weights then go to {@link BLOCK} columns in four parts. */
const THREADS = 256;
const PARTS = THREADS / BLOCK;
/** Threads that each join as many numbers. */
const JOINERS = 16;

const UNIFORMS = ['queries', 'heads', 'blocks', 'queryWidth', 'valueWidth', 'scale: f32'];

/**
 * Which query, head and block of columns this workgroup has. Its thread sums column `column` over keys of part `part`.
 * `seen` says of each query where its keys begin and how many of them it sees, itself last.
 */
const PROLOGUE = `
  let block = group % u.blocks;
  let head = (group / u.blocks) % u.heads;
  let row = group / (u.blocks * u.heads);
  if (row >= u.queries) { return; }
  let begin = u32(seen[2u * row]);
  let length = u32(seen[2u * row + 1u]);
  let column = block * ${BLOCK}u + lane % ${BLOCK}u;
  let part = lane / ${BLOCK}u;
  var sum = 0.0;`;

/**
 * Opens the loop over blocks of keys; `s` is the product of the query with the thread's key, the last
 * position is `length - 1`.
 */
const FOR_KEYS = `
  for (var first = 0u; first < length; first += ${THREADS}u) {
    let j = first + lane;
    var s = 0.0;
    if (j < length) {
      let query = (row * u.heads + head) * u.queryWidth;
      let key = ((begin + j) * u.heads + head) * u.queryWidth;
      for (var d = 0u; d < u.queryWidth; d++) { s += q[query + d] * k[key + d]; }
    }`;

/** Adds the values of these keys, `weights` a key, and closes the loop. */
const ADD_VALUES = `
    workgroupBarrier();
    if (column < u.valueWidth) {
      for (var e = part * ${BLOCK}u; e < min((part + 1u) * ${BLOCK}u, length - first); e++) {
        sum += weights[e] * v[((begin + first + e) * u.heads + head) * u.valueWidth + column];
      }
    }
    workgroupBarrier();
  }`;

/** Joins the parts of a column, in order. */
function storeColumns(factor: string): string {
  const parts = Array.from({ length: PARTS }, (_, part) => `weights[${part * BLOCK}u + lane]`);
  return `
  weights[lane] = sum;
  workgroupBarrier();
  if (lane < ${BLOCK}u && column < u.valueWidth) {
    out[(row * u.heads + head) * u.valueWidth + column] = (${parts.join(' + ')}) * ${factor};
  }`;
}

function hstu(kind: BiasKind): Program {
  const extras = extrasOf(kind, false);
  const bias = kind === 'none' ? '' : ' + relativeBias(row, begin + j, length - 1u - j)';
  return {
    op: HstuAttention,
    key: `queries, ${kind}`,
    bindings: bind('q', 'k', 'v', 'seen: i32', 'out!', ...extras.bindings),
    uniforms: uniforms(...UNIFORMS, 'inverse: f32', ...extras.uniforms),
    threads: THREADS,
    globals: `var<workgroup> weights: array<f32, ${THREADS}>;${SIGMOID}${extras.globals}`,
    body: `${PROLOGUE}${FOR_KEYS}
    var weight = 0.0;
    if (j < length) {
      let score = u.scale * s${bias};
      weight = score * sigmoid(score);
    }
    weights[lane] = weight;${ADD_VALUES}${storeColumns('u.inverse')}`,
  };
}

/** `NAME`: of one number a thread, joined by `by` in a fixed order; through `weights`. */
function joined(name: string, value: string, by: (a: string, b: string) => string): string {
  const step = (from: string) => `${name} = ${by(name, from)};`;
  return `
    workgroupBarrier();
    weights[lane] = ${value};
    workgroupBarrier();
    var ${name} = ${value};
    if (lane < ${JOINERS}u) {
      ${name} = weights[lane * ${THREADS / JOINERS}u];
      for (var i = 1u; i < ${THREADS / JOINERS}u; i++) { ${step(`weights[lane * ${THREADS / JOINERS}u + i]`)} }
      join[lane] = ${name};
    }
    workgroupBarrier();
    ${name} = join[0];
    for (var i = 1u; i < ${JOINERS}u; i++) { ${step('join[i]')} }`;
}

/** Largest and summed weights so far; results are rescaled when a larger score appears. */
const causal: Program = {
  op: CausalAttention,
  key: 'queries',
  bindings: bind('q', 'k', 'v', 'seen: i32', 'out!'),
  uniforms: uniforms(...UNIFORMS),
  threads: THREADS,
  globals: `var<workgroup> weights: array<f32, ${THREADS}>;
var<workgroup> join: array<f32, ${JOINERS}>;
`,
  body: `${PROLOGUE}
  var top = -1e30;
  var own = 0.0;${FOR_KEYS}
    let score = select(-1e30, u.scale * s, j < length);${joined('most', 'score', (a, b) => `max(${a}, ${b})`)}
    let newTop = max(top, most);
    let shrink = exp(top - newTop);
    top = newTop;
    let weight = select(0.0, exp(score - top), j < length);
    own = own * shrink + weight;
    sum *= shrink;
    weights[lane] = weight;${ADD_VALUES}${joined('total', 'own', (a, b) => `${a} + ${b}`)}
  workgroupBarrier();
  let inverse = select(0.0, 1.0 / total, length > 0u);${storeColumns('inverse')}`,
};

/** Where the keys of each query begin, and how many of them it sees. */
function seenKeys({ offsets, queryOffsets }: Inputs): Int32Array {
  const [keys, queries] = [offsets, queryOffsets].map((x) => hostValues(x as tf.Tensor));
  const seen = new Int32Array(2 * queries[queries.length - 1]);
  for (let b = 0; b + 1 < queries.length; b++) {
    const before = keys[b + 1] - keys[b] - (queries[b + 1] - queries[b]);
    for (let t = queries[b]; t < queries[b + 1]; t++) {
      seen[2 * t] = keys[b];
      seen[2 * t + 1] = Math.max(0, before + t - queries[b] + 1);
    }
  }
  return seen;
}

/** Whether these programs answer for the queries: tokens at the last places, whose keys lie in order. */
export function areLast({ queryOffsets, visible, keyRows, selfK }: Inputs): boolean {
  return sizeOf(queryOffsets) > 0 && sizeOf(visible) + sizeOf(keyRows) === 0 && selfK.shape.length === 1;
}

/** Runs `program` for every query, head and block of columns; what else it needs comes from `more`. */
function run(
  backend: SeqrecWebgpuBackend,
  inputs: Inputs,
  scale: number,
  call: (dispatch: (program: Program, tensors: readonly tf.TensorInfo[], more: Record<string, number>) => void) => void,
): tf.TensorInfo {
  const { q, k, v } = inputs;
  const [queries, heads, queryWidth] = q.shape;
  const valueWidth = v.shape[2];
  const out = backend.output([queries, heads, valueWidth]);
  if (sizeOf(out) === 0) return out;
  if (sizeOf(v) === 0) {
    backend.clear(out);
    return out;
  }
  const values = seenKeys(inputs);
  const seen = backend.makeTensorInfo([values.length], 'int32', values);
  const blocks = Math.ceil(valueWidth / BLOCK);
  call((program, tensors, more) => {
    backend.dispatch(program, {
      tensors: [q, k, v, seen, out, ...tensors],
      uniforms: { queries, heads, blocks, queryWidth, valueWidth, scale, ...more },
      groups: queries * heads * blocks,
    });
  });
  backend.disposeData(seen.dataId);
  return out;
}

/**
 * Attention of a few queries, the last of their sequences: a workgroup scores 256 keys at a time, and nothing is as
 * long as a sequence. Every number is read once, so operands stay in float32 in half precision too.
 */
export function hstuOfLast(backend: SeqrecWebgpuBackend, inputs: Inputs, attrs: HstuAttentionAttrs): tf.TensorInfo {
  const { scale, normalizer, bucketDivisor } = attrs;
  return run(backend, inputs, scale, (dispatch) => {
    withExtras(backend, inputs, { divisor: bucketDivisor }, ({ kind, tensors, uniforms: values }) => {
      dispatch(hstu(kind), tensors, { inverse: 1 / normalizer, ...values });
    });
  });
}

/** {@link hstuOfLast} with a softmax; without dropout, and without the logarithms of sums that a gradient needs. */
export function causalOfLast(
  backend: SeqrecWebgpuBackend,
  inputs: Inputs,
  { scale }: CausalAttentionAttrs,
): tf.TensorInfo[] {
  const out = run(backend, inputs, scale, (dispatch) => dispatch(causal, [], {}));
  const logSumExp = backend.output(inputs.q.shape.slice(0, 2));
  if (sizeOf(logSumExp) > 0) backend.clear(logSumExp);
  return [out, logSumExp];
}
