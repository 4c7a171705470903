import { CausalAttention, type CausalAttentionAttrs, CausalAttentionGrad } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import {
  ATTENTION_THREADS,
  accumulate,
  BLOCK,
  declareResults,
  eachRow,
  products,
  storeResults,
  storeWeights,
  TILE,
  TILE_GLOBALS,
  TILE_PROLOGUE,
  TILE_UNIFORMS,
  visibility,
} from './attention-tiles.ts';
import { tileValues } from './hstu-attention.ts';
import { override, sizeOf } from './support.ts';
import { DROPOUT_UNIFORMS, dropoutValues, PHILOX } from './wgsl.ts';

const THREADS = ATTENTION_THREADS;

function programUniforms(dropped: boolean) {
  return uniforms(...TILE_UNIFORMS, ...(dropped ? DROPOUT_UNIFORMS : []));
}

/** `kept0 .. kept3`: factors of the thread's weights under dropout; a thread's four keys are one block of words. */
function keepFactors(dropped: boolean, i: string, j: string): string {
  if (!dropped) return '';
  return eachRow(
    (r) => `let words${r} = philox(
      vec4<u32>(${j} / 4u + tx, (begin + ${i} + ty * 4u + ${r}u) * u.heads + head, u.step, 1u), vec2<u32>(u.k0, u.k1));
    let kept${r} = select(vec4<f32>(), vec4<f32>(u.keep), words${r} >= vec4<u32>(u.threshold));`,
  );
}

/** Joins a vec4 (one number a row) over the eight threads that share their rows. */
const JOIN = `
var<workgroup> joined: array<vec4<f32>, ${THREADS}>;
fn joinMax(value: vec4<f32>, lane: u32) -> vec4<f32> {
  joined[lane] = value;
  workgroupBarrier();
  let first = lane - lane % 8u;
  var result = joined[first];
  for (var i = 1u; i < 8u; i++) { result = max(result, joined[first + i]); }
  workgroupBarrier();
  return result;
}
fn joinSum(value: vec4<f32>, lane: u32) -> vec4<f32> {
  joined[lane] = value;
  workgroupBarrier();
  let first = lane - lane % 8u;
  var result = joined[first];
  for (var i = 1u; i < 8u; i++) { result += joined[first + i]; }
  workgroupBarrier();
  return result;
}
`;

const rowsOf = (f: (r: number) => string) => `vec4<f32>(${[0, 1, 2, 3].map(f).join(', ')})`;

/** Largest and summed weights so far, one number a row; results are rescaled when a larger score appears. */
function forward(dropped: boolean): Program {
  const largest = (r: number) => `max(max(s${r}.x, s${r}.y), max(s${r}.z, s${r}.w))`;
  return {
    op: CausalAttention,
    key: `dropout ${dropped}`,
    bindings: bind('q', 'k', 'v', 'offsets: i32', 'out!', 'logSumExp!'),
    uniforms: programUniforms(dropped),
    threads: THREADS,
    globals: TILE_GLOBALS + JOIN + (dropped ? PHILOX : ''),
    body: `${TILE_PROLOGUE}${declareResults('o')}
  var top = vec4<f32>(-1e30);
  var sum = vec4<f32>();
  for (var key = 0u; key <= own; key += ${TILE}u) {${products('s', ['q', 'own'], ['k', 'key'], 'u.queryWidth')}
    ${visibility('own', 'key')}${eachRow((r) => `s${r} = select(vec4<f32>(-1e30), u.scale * s${r}, seen${r});`)}
    let newTop = max(top, joinMax(${rowsOf(largest)}, lane));
    let shrink = exp(top - newTop);
    top = newTop;
    ${eachRow((r) => `s${r} = select(vec4<f32>(), exp(s${r} - top.${'xyzw'[r]}), seen${r});`)}
    sum = sum * shrink + ${rowsOf((r) => `dot(s${r}, vec4<f32>(1.0))`)};
    ${eachRow((r) => `o${r}0 *= shrink.${'xyzw'[r]}; o${r}1 *= shrink.${'xyzw'[r]};`)}
    ${keepFactors(dropped, 'own', 'key')}${dropped ? eachRow((r) => `s${r} *= kept${r};`) : ''}
    ${storeWeights('s', 'rows')}${accumulate('o', 'v', 'key', 'u.valueWidth')}
  }
  let total = joinSum(sum, lane);
  let inverse = select(vec4<f32>(), 1.0 / total, total > vec4<f32>());
  if (block == 0u && tx == 0u) {
    let result = top + log(total);
    for (var r = 0u; r < 4u; r++) {
      let row = own + ty * 4u + r;
      if (row < length) { logSumExp[(begin + row) * u.heads + head] = result[r]; }
    }
  }
  ${storeResults('o', 'out', 'u.valueWidth', (r) => `inverse.${'xyzw'[r]}`)}`,
  };
}

/** `delta = sum_c dOut out`, which is `sum_j P dP`. */
const deltas: Program = {
  op: CausalAttentionGrad,
  key: 'delta',
  bindings: bind('out', 'dOut', 'logSumExp', 'rowValues!'),
  uniforms: uniforms('rows', 'width'),
  threads: THREADS,
  body: `
  let row = group * ${THREADS}u + lane;
  if (row >= u.rows) { return; }
  var sum = 0.0;
  for (var c = 0u; c < u.width; c++) { sum += out[row * u.width + c] * dOut[row * u.width + c]; }
  rowValues[row] = logSumExp[row];
  rowValues[u.rows + row] = sum;`,
};

/**
 * From products `s` and `p` (`dOut v^T`): `s` becomes the weights, without dropout, and `p` dS without the scale. The first half of `rowValues` is
 * logSumExp, the second delta.
 */
function derivatives(dropped: boolean, i: string, j: string): string {
  return `${visibility(i, j)}${keepFactors(dropped, i, j)}${eachRow(
    (r) => `{
      let row = min(${i} + ty * 4u + ${r}u, length - 1u);
      let at = (begin + row) * u.heads + head;
      s${r} = select(vec4<f32>(), exp(u.scale * s${r} - rowValues[at]), seen${r});
      p${r} = s${r} * (p${r}${dropped ? ` * kept${r}` : ''} - rowValues[u.rows + at]);
    }`,
  )}`;
}

const SHARED = ['q', 'k', 'v', 'offsets: i32', 'dOut', 'rowValues'];

function queriesProgram(dropped: boolean): Program {
  return {
    op: CausalAttentionGrad,
    key: `queries, dropout ${dropped}`,
    bindings: bind(...SHARED, 'dq!'),
    uniforms: [...programUniforms(dropped), ...uniforms('rows')],
    threads: THREADS,
    globals: TILE_GLOBALS + (dropped ? PHILOX : ''),
    body: `${TILE_PROLOGUE}${declareResults('o')}
  for (var key = 0u; key <= own; key += ${TILE}u) {${products('s', ['q', 'own'], ['k', 'key'], 'u.queryWidth')}
    ${products('p', ['dOut', 'own'], ['v', 'key'], 'u.valueWidth')}${derivatives(dropped, 'own', 'key')}
    ${storeWeights('p', 'rows')}${accumulate('o', 'k', 'key', 'u.queryWidth')}
  }${storeResults('o', 'dq', 'u.queryWidth', () => 'u.scale')}`,
  };
}

function keysProgram(dropped: boolean): Program {
  return {
    op: CausalAttentionGrad,
    key: `keys, dropout ${dropped}`,
    bindings: bind(...SHARED, 'dk!', 'dv!'),
    uniforms: [...programUniforms(dropped), ...uniforms('rows')],
    threads: THREADS,
    globals: TILE_GLOBALS + (dropped ? PHILOX : ''),
    body: `${TILE_PROLOGUE}${declareResults('dv')}${declareResults('dk')}
  for (var query = own; query < length; query += ${TILE}u) {${products('s', ['q', 'query'], ['k', 'own'], 'u.queryWidth')}
    ${products('p', ['dOut', 'query'], ['v', 'own'], 'u.valueWidth')}${derivatives(dropped, 'query', 'own')}
    ${dropped ? eachRow((r) => `s${r} *= kept${r};`) : ''}
    ${storeWeights('s', 'columns')}${accumulate('dv', 'dOut', 'query', 'u.valueWidth')}
    ${storeWeights('p', 'columns')}${accumulate('dk', 'q', 'query', 'u.queryWidth')}
  }${storeResults('dv', 'dv', 'u.valueWidth', () => '1.0')}
  ${storeResults('dk', 'dk', 'u.queryWidth', () => 'u.scale')}`,
  };
}

export function registerCausalAttention(name: string): void {
  override<CausalAttentionAttrs>(name, CausalAttention, (inputs, backend, attrs) => {
    const { q, k, v, offsets } = inputs;
    const [tokens, heads, width] = v.shape;
    const [out, logSumExp] = [backend.output(v.shape), backend.output([tokens, heads])];
    if (sizeOf(out) === 0) {
      if (sizeOf(logSumExp) > 0) backend.clear(logSumExp);
      return [out, logSumExp];
    }
    const blocks = Math.ceil(width / BLOCK);
    const values = tileValues(inputs, blocks, attrs.scale);
    backend.dispatch(forward(attrs.rate > 0), {
      tensors: [q, k, v, offsets, out, logSumExp],
      uniforms: { ...values, ...dropoutValues(attrs) },
      groups: values.works * heads * blocks,
    });
    return [out, logSumExp];
  });
  override<CausalAttentionAttrs>(name, CausalAttentionGrad, (inputs, backend, attrs) => {
    const { q, k, v, offsets, out, logSumExp, dy } = inputs;
    const [dq, dk, dv] = [q, k, v].map(({ shape }) => backend.output(shape));
    if (sizeOf(q) === 0 || sizeOf(v) === 0) {
      for (const x of [dq, dk, dv]) if (sizeOf(x) > 0) backend.clear(x);
      return [dq, dk, dv];
    }
    const [tokens, heads, width] = v.shape;
    const rows = tokens * heads;
    const values: Record<string, number> = { ...tileValues(inputs, 1, attrs.scale), ...dropoutValues(attrs), rows };
    const dropped = attrs.rate > 0;
    backend.withScratch([2 * rows], (rowValues) => {
      const tensors = [out, dy, logSumExp, rowValues];
      backend.dispatch(deltas, { tensors, uniforms: { rows, width }, groups: Math.ceil(rows / THREADS) });
      const shared = [q, k, v, offsets, dy, rowValues];
      for (const [program, outputs, columns] of [
        [queriesProgram(dropped), [dq], q.shape[2]],
        [keysProgram(dropped), [dk, dv], Math.max(q.shape[2], width)],
      ] as const) {
        const blocks = Math.ceil(columns / BLOCK);
        const groups = values.works * heads * blocks;
        backend.dispatch(program, { tensors: [...shared, ...outputs], uniforms: { ...values, blocks }, groups });
      }
    });
    return [dq, dk, dv];
  });
}
