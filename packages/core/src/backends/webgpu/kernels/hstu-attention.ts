import { HstuAttention, type HstuAttentionAttrs } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import {
  ATTENTION_THREADS,
  accumulate,
  BLOCK,
  declareResults,
  eachRow,
  forKeys,
  PITCH,
  products,
  storeResults,
  storeWeights,
  TILE_GLOBALS,
  TILE_PROLOGUE,
  TILE_UNIFORMS,
  visibility,
  worksOf,
} from './attention-tiles.ts';
import { areLast, hstuOfLast } from './few-queries.ts';
import { hstuMatrices } from './matrix-attention.ts';
import { type BiasKind, extrasOf, withExtras } from './relative-bias.ts';
import { type Inputs, override, sizeOf } from './support.ts';
import { SIGMOID } from './wgsl.ts';

/** Uniforms of every program of this attention, before those of bias and mask. */
export const HSTU_UNIFORMS = [...TILE_UNIFORMS, 'inverse: f32'];
export const HSTU_GLOBALS = TILE_GLOBALS + SIGMOID;

/**
 * Turns products `s` into scores: `scale s + bias`; `i` and `j` are the first positions of the two tiles. The bias
 * passes through `weights`, each thread its own elements: in a loop, its text is there once.
 */
export function biasedScores(kind: BiasKind, masked: boolean, i: string, j: string): string {
  if (kind === 'none') return eachRow((r) => `s${r} *= u.scale;`);
  return `
    for (var r = 0u; r < 4u; r++) {
      let row = ${i} + ty * 4u + r;
      var value = vec4<f32>();
      for (var c = 0u; c < 4u; c++) {
        let column = ${j} + tx * 4u + c;
        if (${masked ? 'column < length' : 'column <= row'} && row < length) { value[c] = relativeBias(begin + row, begin + column, row - column); }
      }
      weights[(ty * 4u + r) * ${PITCH}u + tx] = value;
    }${eachRow((r) => `s${r} = u.scale * s${r} + weights[(ty * 4u + ${r}u) * ${PITCH}u + tx];`)}
    workgroupBarrier();`;
}

function program(kind: BiasKind, masked: boolean): Program {
  const extras = extrasOf(kind, masked);
  return {
    op: HstuAttention,
    key: `${kind}, masked ${masked}`,
    bindings: bind('q', 'k', 'v', 'offsets: i32', 'out!', ...extras.bindings),
    uniforms: uniforms(...HSTU_UNIFORMS, ...extras.uniforms),
    threads: ATTENTION_THREADS,
    tiles: 'f32',
    globals: HSTU_GLOBALS + extras.globals,
    body: `${TILE_PROLOGUE}${declareResults('o')}${forKeys(masked)}${products('s', ['q', 'own'], ['k', 'key'], 'u.queryWidth')}
    ${biasedScores(kind, masked, 'own', 'key')}${visibility(masked, 'own', 'key')}
    ${eachRow((r) => `s${r} = select(vec4<f32>(), s${r} * sigmoid4(s${r}), seen${r});`)}${storeWeights('s', 'rows')}${accumulate('o', 'v', 'key', 'u.valueWidth')}
  }${storeResults('o', 'out', 'u.valueWidth', () => 'u.inverse')}`,
  };
}

/** Values of the shared uniforms. */
export function tileValues({ q, v, offsets }: Inputs, blocks: number, scale: number): Record<string, number> {
  const [tokens, heads, queryWidth] = q.shape;
  const batch = offsets.shape[0] - 1;
  const works = worksOf(tokens, batch);
  return { works, workBase: 0, batch, heads, blocks, queryWidth, valueWidth: v.shape[2], scale };
}

export function registerHstuAttention(name: string): void {
  override<HstuAttentionAttrs>(name, HstuAttention, (inputs, backend, attrs) => {
    if (areLast(inputs)) return hstuOfLast(backend, inputs, attrs);
    if (sizeOf(inputs.queryOffsets) > 0) return undefined;
    const { scale, normalizer, bucketDivisor, globalKeys } = attrs;
    const { q, k, v, offsets } = inputs;
    const out = backend.output(v.shape);
    const [tokens, heads, width] = v.shape;
    const blocks = Math.ceil(width / BLOCK);
    if (tokens * heads * width === 0) return out;
    const values = tileValues(inputs, blocks, scale);
    withExtras(backend, inputs, { divisor: bucketDivisor, globalKeys }, (extras) => {
      const { kind, masked } = extras;
      const unit = backend.precision === 'f16' ? backend.matrices.attention : undefined;
      backend.dispatch(unit === undefined ? program(kind, masked) : hstuMatrices(kind, masked, unit), {
        tensors: [q, k, v, offsets, out, ...extras.tensors],
        uniforms: { ...values, inverse: 1 / normalizer, ...extras.uniforms },
        groups: values.works * heads * blocks,
      });
    });
    return out;
  });
}
