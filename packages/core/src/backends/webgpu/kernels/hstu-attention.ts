import { HstuAttention, type HstuAttentionAttrs } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import {
  ATTENTION_THREADS,
  accumulate,
  BLOCK,
  declareResults,
  eachRow,
  PITCH,
  products,
  storeResults,
  storeWeights,
  TILE,
  TILE_GLOBALS,
  TILE_PROLOGUE,
  TILE_UNIFORMS,
  visibility,
  worksOf,
} from './attention-tiles.ts';
import { BIAS_UNIFORMS, type BiasKind, biasGlobals, withBias } from './relative-bias.ts';
import { type Inputs, override } from './support.ts';
import { SIGMOID } from './wgsl.ts';

/** Uniforms of the programs of this attention. */
export function hstuUniforms(kind: BiasKind, ...more: string[]): string[] {
  return [...TILE_UNIFORMS, 'inverse: f32', ...(kind === 'none' ? [] : BIAS_UNIFORMS), ...more];
}

export function hstuGlobals(kind: BiasKind): string {
  return TILE_GLOBALS + SIGMOID + biasGlobals(kind);
}

/**
 * Turns products `s` into scores: `scale s + bias`; `i` and `j` are the first positions of the two tiles. The bias passes
 * through `weights`, each thread its own elements: in a loop, its text is there once.
 */
export function biasedScores(kind: BiasKind, i: string, j: string): string {
  if (kind === 'none') return eachRow((r) => `s${r} *= u.scale;`);
  return `
    for (var r = 0u; r < 4u; r++) {
      let row = ${i} + ty * 4u + r;
      var value = vec4<f32>();
      for (var c = 0u; c < 4u; c++) {
        let column = ${j} + tx * 4u + c;
        if (column <= row && row < length) { value[c] = relativeBias(begin, row, column); }
      }
      weights[(ty * 4u + r) * ${PITCH}u + tx] = value;
    }${eachRow((r) => `s${r} = u.scale * s${r} + weights[(ty * 4u + ${r}u) * ${PITCH}u + tx];`)}
    workgroupBarrier();`;
}

function program(kind: BiasKind): Program {
  return {
    op: HstuAttention,
    key: kind,
    bindings: bind('q', 'k', 'v', 'offsets: i32', 'out!', ...(kind === 'none' ? [] : ['bias: u32'])),
    uniforms: uniforms(...hstuUniforms(kind)),
    threads: ATTENTION_THREADS,
    globals: hstuGlobals(kind),
    body: `${TILE_PROLOGUE}${declareResults('o')}
  for (var key = 0u; key <= own; key += ${TILE}u) {${products('s', ['q', 'own'], ['k', 'key'], 'u.queryWidth')}
    ${biasedScores(kind, 'own', 'key')}${visibility('own', 'key')}
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
  override<HstuAttentionAttrs>(name, HstuAttention, (inputs, backend, { scale, normalizer, bucketDivisor }) => {
    const { q, k, v, offsets } = inputs;
    const out = backend.output(v.shape);
    const [tokens, heads, width] = v.shape;
    const blocks = Math.ceil(width / BLOCK);
    if (tokens * heads * width === 0) return out;
    const values = tileValues(inputs, blocks, scale);
    withBias(backend, inputs, bucketDivisor, (bias) => {
      backend.dispatch(program(bias.kind), {
        tensors: [q, k, v, offsets, out, ...bias.tensors],
        uniforms: { ...values, inverse: 1 / normalizer, ...bias.uniforms },
        groups: values.works * heads * blocks,
      });
    });
    return out;
  });
}
