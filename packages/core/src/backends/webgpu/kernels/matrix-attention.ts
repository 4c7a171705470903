import { HstuAttention } from '../../kernel-names.ts';
import type { MatrixUnit } from '../matrix-unit.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { BLOCK, FIND_TILE, forKeys, TILE, TILE_PROLOGUE, TILE_UNIFORMS } from './attention-tiles.ts';
import { grid, matrixText, multiplyAccumulate } from './matrix-text.ts';
import { type BiasKind, extrasOf } from './relative-bias.ts';
import { SIGMOID } from './wgsl.ts';

/** Numbers between neighbouring columns of q and k, rows of the weights; of v; of scores and results. */
const PITCH = TILE + 8;
const V_PITCH = BLOCK + 8;
const RESULT_PITCH = BLOCK + 4;
/** A subgroup has scores of 16 by 16 and results of 16 by 32. */
const HALF = TILE / 2;

/** Whether attention can use a unit. */
export function fitsAttention({ M, N }: Pick<MatrixUnit, 'M' | 'N'>): boolean {
  return HALF % M === 0 && HALF % N === 0;
}

/** Which of the scores count, as `visibility` in `attention-tiles.ts`. */
function isSeen(masked: boolean): string {
  if (!masked) return 'let seen = j <= i && i < length;';
  return `let range = visibleRange(begin, min(i, length - 1u));
      let seen = i < length && (j == i || ((j >= range.x || j < u.globalKeys) && j < range.y));`;
}

/**
 * HSTU attention with both products in subgroup matrices: tiles, masks and bias as in `hstu-attention.ts`. Scores
 * pass through workgroup memory, where they become weights in float16; sums stay float32 in the matrices.
 */
export function hstuMatrices(kind: BiasKind, masked: boolean, unit: MatrixUnit): Program {
  const { M, N, K, threads, dialect } = unit;
  const text = matrixText(unit);
  const extras = extrasOf(kind, masked);
  const [down, across] = [HALF / M, HALF / N];
  const bias = kind === 'none' ? '' : ' + relativeBias(begin + i, begin + j, i - j)';
  const loadColumns = (buffer: string, first: string) => `
      for (var e = lane; e < ${TILE * TILE}u; e += ${threads}u) {
        let column = chunk + e % ${TILE}u;
        let row = ${first} + e / ${TILE}u;
        var value = 0.0;
        if (column < u.queryWidth && row < length) { value = ${buffer}[((begin + row) * u.heads + head) * u.queryWidth + column]; }
        ${buffer}Tile[e % ${TILE}u * ${PITCH}u + e / ${TILE}u] = f16(value);
      }`;
  return {
    op: HstuAttention,
    key: `matrices ${M} x ${N} x ${K}, ${threads} threads, ${dialect}, ${kind}, masked ${masked}`,
    bindings: bind('q', 'k', 'v', 'offsets: i32', 'out!', ...extras.bindings),
    uniforms: uniforms(...TILE_UNIFORMS, 'inverse: f32', ...extras.uniforms),
    threads,
    subgroupMatrices: true,
    globals: `
var<workgroup> qTile: array<f16, ${TILE * PITCH}>;
var<workgroup> kTile: array<f16, ${TILE * PITCH}>;
var<workgroup> vTile: array<f16, ${TILE * V_PITCH}>;
var<workgroup> weights: array<f16, ${TILE * PITCH}>;
var<workgroup> results: array<f32, ${TILE * RESULT_PITCH}>;
${FIND_TILE}${SIGMOID}${extras.globals}`,
    body: `${TILE_PROLOGUE}
  let rows = subgroup / 2u % 2u * ${HALF}u;
  let right = subgroup % 2u;${grid(down, 2 * across, (i, j) => `var o${i}_${j} = ${text.zero};`)}${forKeys(masked)}${grid(
    down,
    across,
    (i, j) => `var s${i}_${j} = ${text.zero};`,
  )}
    for (var chunk = 0u; chunk < u.queryWidth; chunk += ${TILE}u) {
      workgroupBarrier();${loadColumns('q', 'own')}${loadColumns('k', 'key')}
      workgroupBarrier();
      for (var d = 0u; d < ${TILE}u; d += ${K}u) {${multiplyAccumulate(
        's',
        [down, across],
        (i) => text.left('qTile', `d * ${PITCH}u + rows + ${i * M}u`, ['col_major', PITCH]),
        (j) => text.right('kTile', `d * ${PITCH}u + right * ${HALF}u + ${j * N}u`, ['row_major', PITCH]),
      )}
      }
    }
    for (var e = lane; e < ${TILE * BLOCK}u; e += ${threads}u) {
      let row = key + e / ${BLOCK}u;
      let column = block * ${BLOCK}u + e % ${BLOCK}u;
      var value = 0.0;
      if (column < u.valueWidth && row < length) { value = v[((begin + row) * u.heads + head) * u.valueWidth + column]; }
      vTile[e / ${BLOCK}u * ${V_PITCH}u + e % ${BLOCK}u] = f16(value);
    }${grid(down, across, (i, j) =>
      text.store(
        'results',
        `(rows + ${i * M}u) * ${RESULT_PITCH}u + right * ${HALF}u + ${j * N}u`,
        `s${i}_${j}`,
        RESULT_PITCH,
      ),
    )}
    workgroupBarrier();
    for (var e = lane; e < ${TILE * TILE}u; e += ${threads}u) {
      let i = own + e / ${TILE}u;
      let j = key + e % ${TILE}u;
      ${isSeen(masked)}
      var weight = 0.0;
      if (seen) {
        let score = u.scale * results[e / ${TILE}u * ${RESULT_PITCH}u + e % ${TILE}u]${bias};
        weight = score * sigmoid(score);
      }
      weights[e / ${TILE}u * ${PITCH}u + e % ${TILE}u] = f16(weight);
    }
    workgroupBarrier();
    for (var d = 0u; d < ${TILE}u; d += ${K}u) {${multiplyAccumulate(
      'o',
      [down, 2 * across],
      (i) => text.left('weights', `(rows + ${i * M}u) * ${PITCH}u + d`, ['row_major', PITCH]),
      (j) => text.right('vTile', `d * ${V_PITCH}u + right * ${TILE}u + ${j * N}u`, ['row_major', V_PITCH]),
    )}
    }
  }${grid(down, 2 * across, (i, j) =>
    text.store(
      'results',
      `(rows + ${i * M}u) * ${RESULT_PITCH}u + right * ${TILE}u + ${j * N}u`,
      `o${i}_${j}`,
      RESULT_PITCH,
    ),
  )}
  workgroupBarrier();
  for (var e = lane; e < ${TILE * BLOCK}u; e += ${threads}u) {
    let row = own + e / ${BLOCK}u;
    let column = block * ${BLOCK}u + e % ${BLOCK}u;
    if (row < length && column < u.valueWidth) {
      out[((begin + row) * u.heads + head) * u.valueWidth + column] = u.inverse * results[e / ${BLOCK}u * ${RESULT_PITCH}u + e % ${BLOCK}u];
    }
  }`,
  };
}
