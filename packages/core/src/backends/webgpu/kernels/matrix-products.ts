import { BatchMatMul } from '@tensorflow/tfjs-core';
import type { MatrixUnit } from '../matrix-unit.ts';
import { bind, uniforms as declare, type Program } from '../program.ts';
import { grid, lines, matrixText, multiplyAccumulate } from './matrix-text.ts';
import { BLOCK, DEPTH } from './product-layout.ts';
import {
  finishing,
  keep,
  LAYOUT_UNIFORMS,
  measure,
  PRODUCT_PROLOGUE,
  SCALING,
  UNIT,
  writeResult,
} from './product-text.ts';

/** Numbers between neighbouring terms of a tile: rows begin at multiples of 16 bytes, in other banks. */
const PITCH = BLOCK + 8;
/** Numbers between neighbouring rows of results. */
const RESULT_PITCH = BLOCK + 4;
/** Rows and columns of the block that a subgroup makes. */
const QUARTER = BLOCK / 2;

/**
 * The product of `half-products.ts` with the sums in subgroup matrices. A workgroup makes 64 by 64 results, each of
 * its four subgroups 32 by 32; where a device has narrower subgroups than it may, several make the same. Tiles are
 * float16 in workgroup memory, the lines of a term side by side, and operands are divided by powers of two as there.
 */
export function matrixProduct(biased: boolean, unit: MatrixUnit): Program {
  const { M, N, K, threads, dialect } = unit;
  const text = matrixText(unit);
  const [down, across] = [QUARTER / M, QUARTER / N];
  const put = (name: string): string =>
    `let at${name} = depth * ${PITCH}u + quad * 4u;
      for (var l = 0u; l < 4u; l++) { ${name}Tile[at${name} + l] = f16(scaled[l]); }`;
  return {
    op: BatchMatMul,
    key: `matrices ${M} x ${N} x ${K}, ${threads} threads, ${dialect}, biased ${biased}`,
    bindings: bind('a', 'b', ...(biased ? ['bias'] : []), 'c!'),
    uniforms: declare(...LAYOUT_UNIFORMS, 'activation'),
    threads,
    subgroupMatrices: true,
    globals: `
var<workgroup> aTile: array<f16, ${DEPTH * PITCH}>;
var<workgroup> bTile: array<f16, ${DEPTH * PITCH}>;
var<workgroup> results: array<f32, ${2 * M * RESULT_PITCH}>;
var<workgroup> largest: vec2<u32>;
${SCALING}${finishing(biased)}`,
    body: `${PRODUCT_PROLOGUE}
  let below = subgroup / 2u % 2u;
  let rows = below * ${QUARTER}u;
  let columns = subgroup % 2u * ${QUARTER}u;
${grid(down, across, (i, j) => `var c${i}_${j} = ${text.zero};`)}
  for (var term = part * u.partTerms; term < end; term += ${DEPTH}u) {${measure('a', threads)}${measure('b', threads)}
    workgroupBarrier();
    if (lane == 0u) { largest = vec2<u32>(atomicLoad(&aLargest), atomicLoad(&bLargest)); }
    // The same for all threads, and known to be: matrices are scaled by all or by none.
    let now = workgroupUniformLoad(&largest);
    let aNow = exponent(now.x);
    let bNow = exponent(now.y);
    if (aNow != aExponent || bNow != bExponent) {
      let shrink = powerOfTwo(aExponent - aNow) * powerOfTwo(bExponent - bNow);
${grid(down, across, (i, j) => `c${i}_${j} = subgroupMatrixScalarMultiply(c${i}_${j}, shrink);`)}
      aExponent = aNow;
      bExponent = bNow;
    }${keep('a', threads, put('a'))}${keep('b', threads, put('b'))}
    workgroupBarrier();
    for (var k = 0u; k < ${DEPTH}u; k += ${K}u) {
${multiplyAccumulate(
  'c',
  [down, across],
  (i) => text.left('aTile', `k * ${PITCH}u + rows + ${i * M}u`, ['col_major', PITCH]),
  (j) => text.right('bTile', `k * ${PITCH}u + columns + ${j * N}u`, ['row_major', PITCH]),
)}
    }
    workgroupBarrier();
  }${UNIT}
  let results0 = below * ${M * RESULT_PITCH}u + columns;${Array.from(
    { length: down },
    (_, i) => `${lines(across, (j) => text.store('results', `results0 + ${j * N}u`, `c${i}_${j}`, RESULT_PITCH))}
  workgroupBarrier();
  for (var e = lane; e < ${2 * M * BLOCK}u; e += ${threads}u) {
    let line = e / ${BLOCK}u;
    let i = row + line / ${M}u * ${QUARTER}u + ${i * M}u + line % ${M}u;
    let j = column + e % ${BLOCK}u;
    ${writeResult(`results[line * ${RESULT_PITCH}u + e % ${BLOCK}u]`)}
  }
  workgroupBarrier();`,
  ).join('')}`,
  };
}
