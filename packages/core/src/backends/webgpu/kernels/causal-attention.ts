import { CausalAttention, type CausalAttentionAttrs, CausalAttentionGrad } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import {
  ATTENTION_THREADS,
  accumulate,
  BLOCK,
  declareResults,
  eachRow,
  forKeys,
  forQueries,
  products,
  storeResults,
  storeWeights,
  TILE_GLOBALS,
  TILE_PROLOGUE,
  TILE_UNIFORMS,
  visibility,
} from './attention-tiles.ts';
import { areLast, causalOfLast } from './few-queries.ts';
import { tileValues } from './hstu-attention.ts';
import { extrasOf, withExtras } from './relative-bias.ts';
import { override, sizeOf } from './support.ts';
import { DROPOUT_UNIFORMS, dropoutValues, PHILOX } from './wgsl.ts';

const THREADS = ATTENTION_THREADS;

interface Variant {
  readonly dropped: boolean;
  readonly masked: boolean;
}

/** `first` is the number of row 0 and head 0 in the stream. */
const DRAWN = [...DROPOUT_UNIFORMS, 'k0', 'k1', 'step', 'first'];

/** Values of {@link DRAWN}. */
function drawnValues({ rate, k0, k1, step, first }: CausalAttentionAttrs): Record<string, number> {
  return { ...dropoutValues(rate), k0, k1, step, first };
}

/** What the programs of a variant have in common. */
function common({ dropped, masked }: Variant, ...more: string[]) {
  const extras = extrasOf('none', masked);
  return {
    key: `dropout ${dropped}, masked ${masked}`,
    uniforms: uniforms(...TILE_UNIFORMS, ...(dropped ? DRAWN : []), ...extras.uniforms, ...more),
    globals: TILE_GLOBALS + (dropped ? PHILOX : '') + extras.globals,
    extras: extras.bindings,
  };
}

/** `kept0 .. kept3`: factors of the thread's weights under dropout; a thread's four keys are one block of words. */
function keepFactors(dropped: boolean, i: string, j: string): string {
  if (!dropped) return '';
  return eachRow(
    (r) => `let words${r} = philox(
      vec4<u32>(${j} / 4u + tx, u.first + (begin + ${i} + ty * 4u + ${r}u) * u.heads + head, u.step, 1u), vec2<u32>(u.k0, u.k1));
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
function forward(variant: Variant): Program {
  const { key, uniforms: scalars, globals, extras } = common(variant);
  const { dropped, masked } = variant;
  const largest = (r: number) => `max(max(s${r}.x, s${r}.y), max(s${r}.z, s${r}.w))`;
  return {
    op: CausalAttention,
    key,
    bindings: bind('q', 'k', 'v', 'offsets: i32', 'out!', 'logSumExp!', ...extras),
    uniforms: scalars,
    threads: THREADS,
    tiles: 'f32',
    globals: globals + JOIN,
    body: `${TILE_PROLOGUE}${declareResults('o')}
  var top = vec4<f32>(-1e30);
  var sum = vec4<f32>();${forKeys(masked)}${products('s', ['q', 'own'], ['k', 'key'], 'u.queryWidth')}
    ${visibility(masked, 'own', 'key')}${eachRow((r) => `s${r} = select(vec4<f32>(-1e30), u.scale * s${r}, seen${r});`)}
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

/**
 * `delta = sum_c dOut out`, which is `sum_j P dP`. It comes behind logSumExp in `upstream`, whose first part is dOut: a
 * device may bind no more than eight buffers.
 */
const deltas: Program = {
  op: CausalAttentionGrad,
  key: 'delta',
  bindings: bind('out', 'logSumExp', 'upstream!'),
  uniforms: uniforms('rows', 'width'),
  threads: THREADS,
  tiles: 'f32',
  body: `
  let row = group * ${THREADS}u + lane;
  if (row >= u.rows) { return; }
  var sum = 0.0;
  // Rounded as in the products that it is subtracted from: what they have in common must cancel.
  for (var c = 0u; c < u.width; c++) {
    sum += out[row * u.width + c] * operand(upstream[row * u.width + c]);
  }
  let behind = u.rows * u.width;
  upstream[behind + row] = logSumExp[row];
  upstream[behind + u.rows + row] = sum;`,
};

/**
 * From products `s` and `p` (`dOut v^T`): `s` becomes the weights, without dropout, and `p` dS without the scale.
 * LogSumExp and delta are read behind dOut, see {@link deltas}.
 */
function derivatives({ dropped, masked }: Variant, i: string, j: string): string {
  return `${visibility(masked, i, j)}${keepFactors(dropped, i, j)}${eachRow(
    (r) => `{
      let row = min(${i} + ty * 4u + ${r}u, length - 1u);
      let at = u.rows * u.valueWidth + (begin + row) * u.heads + head;
      s${r} = select(vec4<f32>(), exp(u.scale * s${r} - dOut[at]), seen${r});
      p${r} = s${r} * (p${r}${dropped ? ` * kept${r}` : ''} - dOut[u.rows + at]);
    }`,
  )}`;
}

const SHARED = ['q', 'k', 'v', 'offsets: i32', 'dOut'];

function queriesProgram(variant: Variant): Program {
  const { key, uniforms: scalars, globals, extras } = common(variant, 'rows');
  const { masked } = variant;
  return {
    op: CausalAttentionGrad,
    key: `queries, ${key}`,
    bindings: bind(...SHARED, 'dq!', ...extras),
    uniforms: scalars,
    threads: THREADS,
    tiles: 'f32',
    globals,
    body: `${TILE_PROLOGUE}${declareResults('o')}${forKeys(masked)}${products('s', ['q', 'own'], ['k', 'key'], 'u.queryWidth')}
    ${products('p', ['dOut', 'own'], ['v', 'key'], 'u.valueWidth')}${derivatives(variant, 'own', 'key')}
    ${storeWeights('p', 'rows')}${accumulate('o', 'k', 'key', 'u.queryWidth')}
  }${storeResults('o', 'dq', 'u.queryWidth', () => 'u.scale')}`,
  };
}

function keysProgram(variant: Variant): Program {
  const { key, uniforms: scalars, globals, extras } = common(variant, 'rows');
  const { dropped, masked } = variant;
  return {
    op: CausalAttentionGrad,
    key: `keys, ${key}`,
    bindings: bind(...SHARED, 'dk!', 'dv!', ...extras),
    uniforms: scalars,
    threads: THREADS,
    tiles: 'f32',
    globals,
    body: `${TILE_PROLOGUE}${declareResults('dv')}${declareResults('dk')}${forQueries(masked)}${products('s', ['q', 'query'], ['k', 'own'], 'u.queryWidth')}
    ${products('p', ['dOut', 'query'], ['v', 'own'], 'u.valueWidth')}${derivatives(variant, 'query', 'own')}
    ${dropped ? eachRow((r) => `s${r} *= kept${r};`) : ''}
    ${storeWeights('s', 'columns')}${accumulate('dv', 'dOut', 'query', 'u.valueWidth')}
    ${storeWeights('p', 'columns')}${accumulate('dk', 'q', 'query', 'u.queryWidth')}
  }${storeResults('dv', 'dv', 'u.valueWidth', () => '1.0')}
  ${storeResults('dk', 'dk', 'u.queryWidth', () => 'u.scale')}`,
  };
}

export function registerCausalAttention(name: string): void {
  override<CausalAttentionAttrs>(name, CausalAttention, (inputs, backend, attrs) => {
    if (areLast(inputs) && attrs.rate === 0) return causalOfLast(backend, inputs, attrs);
    if (sizeOf(inputs.queryOffsets) > 0) return undefined;
    const { q, k, v, offsets } = inputs;
    const [tokens, heads, width] = v.shape;
    const [out, logSumExp] = [backend.output(v.shape), backend.output([tokens, heads])];
    if (sizeOf(out) === 0) {
      if (sizeOf(logSumExp) > 0) backend.clear(logSumExp);
      return [out, logSumExp];
    }
    const blocks = Math.ceil(width / BLOCK);
    const values: Record<string, number> = { ...tileValues(inputs, blocks, attrs.scale), ...drawnValues(attrs) };
    withExtras(backend, inputs, { divisor: 1, globalKeys: attrs.globalKeys }, (extras) => {
      backend.dispatch(forward({ dropped: attrs.rate > 0, masked: extras.masked }), {
        tensors: [q, k, v, offsets, out, logSumExp, ...extras.tensors],
        uniforms: { ...values, ...extras.uniforms },
        groups: values.works * heads * blocks,
      });
    });
    return [out, logSumExp];
  });
  override<CausalAttentionAttrs>(name, CausalAttentionGrad, (inputs, backend, attrs) => {
    if (sizeOf(inputs.queryOffsets) > 0) return undefined;
    const { q, k, v, offsets, out, logSumExp, dy } = inputs;
    const [dq, dk, dv] = [q, k, v].map(({ shape }) => backend.output(shape));
    const own = [backend.output([0]), backend.output([0])];
    if (sizeOf(q) === 0 || sizeOf(v) === 0) {
      for (const x of [dq, dk, dv]) if (sizeOf(x) > 0) backend.clear(x);
      return [dq, dk, dv, ...own];
    }
    const [tokens, heads, width] = v.shape;
    const rows = tokens * heads;
    const values: Record<string, number> = { ...tileValues(inputs, 1, attrs.scale), ...drawnValues(attrs), rows };
    backend.withScratch([rows * (width + 2)], (upstream) => {
      backend.copy(dy, upstream);
      const tensors = [out, logSumExp, upstream];
      backend.dispatch(deltas, { tensors, uniforms: { rows, width }, groups: Math.ceil(rows / THREADS) });
      withExtras(backend, inputs, { divisor: 1, globalKeys: attrs.globalKeys }, (extras) => {
        const variant = { dropped: attrs.rate > 0, masked: extras.masked };
        for (const [program, outputs, columns] of [
          [queriesProgram(variant), [dq], q.shape[2]],
          [keysProgram(variant), [dk, dv], Math.max(q.shape[2], width)],
        ] as const) {
          const blocks = Math.ceil(columns / BLOCK);
          backend.dispatch(program, {
            tensors: [q, k, v, offsets, upstream, ...outputs, ...extras.tensors],
            uniforms: { ...values, blocks, ...extras.uniforms },
            groups: values.works * heads * blocks,
          });
        }
      });
    });
    return [dq, dk, dv, ...own];
  });
}
