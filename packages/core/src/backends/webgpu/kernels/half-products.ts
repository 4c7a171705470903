import { _FusedMatMul, BatchMatMul, type backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, uniforms as declare, type Program } from '../program.ts';
import { matrixProduct } from './matrix-products.ts';
import { BLOCK, DEPTH, type Factors, productLayout } from './product-layout.ts';
import {
  ACTIVATIONS,
  type Activation,
  finishing,
  keep,
  LAYOUT_UNIFORMS,
  measure,
  PRODUCT_PROLOGUE,
  SCALING,
  UNIT,
  writeResult,
} from './product-text.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';

const THREADS = 64;
/** Steps between the quads of neighbouring terms: odd, so that they lie in other banks. */
const PITCH = BLOCK / 4 + 1;
/**
 * `c = finish(a b)`, or the partial sums of one part of the terms. A workgroup of 64 threads makes 64 by 64 results;
 * thread (tx, ty) = (lane % 8, lane / 8) has rows `4 ty ..` and `32 + 4 ty ..` of columns `4 tx ..` and
 * `32 + 4 tx ..`. Operands lie in workgroup memory as float16 (8.5 KiB), sums in float32 registers.
 *
 * Gradients are often smaller than float16 goes. So operands are divided by a power of two, that of the largest
 * magnitude so far, one for `a` and one for `b`; when it grows, the sums so far follow. Nothing overflows, and what
 * vanishes is 2^38 times smaller than the largest operand.
 */
function product(biased: boolean): Program {
  const rows = Array.from({ length: 8 }, (_, r) => r);
  const put = (name: string) => `${name}Tile[depth * ${PITCH}u + quad] = Tile(scaled);`;
  const drain = (r: number) => `case ${r}u: { results[ty * 16u + tx] = c${r}0; results[ty * 16u + 8u + tx] = c${r}1; }`;
  return {
    op: BatchMatMul,
    key: `half, biased ${biased}`,
    bindings: bind('a', 'b', ...(biased ? ['bias'] : []), 'c!'),
    uniforms: declare(...LAYOUT_UNIFORMS, 'activation'),
    threads: THREADS,
    tiles: 'f32',
    globals: `
var<workgroup> aTile: array<Tile, ${DEPTH * PITCH}>;
var<workgroup> bTile: array<Tile, ${DEPTH * PITCH}>;
var<workgroup> results: array<vec4<f32>, ${8 * 16}>;
${SCALING}${finishing(biased)}`,
    body: `${PRODUCT_PROLOGUE}
  let tx = lane % 8u;
  let ty = lane / 8u;
  ${rows.map((r) => `var c${r}0 = vec4<f32>(); var c${r}1 = vec4<f32>();`).join('\n  ')}
  for (var term = part * u.partTerms; term < end; term += ${DEPTH}u) {${measure('a', THREADS)}${measure('b', THREADS)}
    workgroupBarrier();
    let aNow = exponent(atomicLoad(&aLargest));
    let bNow = exponent(atomicLoad(&bLargest));
    if (aNow != aExponent || bNow != bExponent) {
      let shrink = powerOfTwo(aExponent - aNow) * powerOfTwo(bExponent - bNow);
      ${rows.map((r) => `c${r}0 *= shrink; c${r}1 *= shrink;`).join('\n      ')}
      aExponent = aNow;
      bExponent = bNow;
    }${keep('a', THREADS, put('a'))}${keep('b', THREADS, put('b'))}
    workgroupBarrier();
    // A bound that the compiler does not know: unrolled, the text takes seconds to compile on a CPU.
    let depth = min(${DEPTH}u, end - term);
    for (var d = 0u; d < depth; d++) {
      let a0 = vec4<f32>(aTile[d * ${PITCH}u + ty]);
      let a1 = vec4<f32>(aTile[d * ${PITCH}u + 8u + ty]);
      let b0 = vec4<f32>(bTile[d * ${PITCH}u + tx]);
      let b1 = vec4<f32>(bTile[d * ${PITCH}u + 8u + tx]);
      ${rows.map((r) => `c${r}0 += a${r >> 2}.${'xyzw'[r % 4]} * b0; c${r}1 += a${r >> 2}.${'xyzw'[r % 4]} * b1;`).join('\n      ')}
    }
    workgroupBarrier();
  }${UNIT}
  // Through workgroup memory, eight rows at a time, so that neighbouring threads write neighbours.
  for (var r = 0u; r < 8u; r++) {
    switch r {
      ${rows.map(drain).join('\n      ')}
      default: {}
    }
    workgroupBarrier();
    for (var e = lane; e < ${8 * BLOCK}u; e += ${THREADS}u) {
      let i = row + (r / 4u) * 32u + (e / ${BLOCK}u) * 4u + r % 4u;
      let j = column + e % ${BLOCK}u;
      ${writeResult('results[e / 4u][e % 4u]')}
    }
    workgroupBarrier();
  }`,
  };
}

/** Adds up the partial sums in order. */
function addParts(biased: boolean): Program {
  return {
    op: BatchMatMul,
    key: `parts, biased ${biased}`,
    bindings: bind('partial', ...(biased ? ['bias'] : []), 'c!'),
    uniforms: declare('count', 'columns', 'parts', 'activation'),
    threads: FLAT_THREADS,
    globals: finishing(biased),
    body: `
  let i = group * ${FLAT_THREADS}u + lane;
  if (i >= u.count) { return; }
  var sum = 0.0;
  for (var part = 0u; part < u.parts; part++) { sum += partial[part * u.count + i]; }
  c[i] = finish(sum, i % u.columns);`,
  };
}

export interface Product extends Factors {
  readonly bias?: TensorInfo;
  readonly activation: Activation;
}

/** Undefined for what stays stock: see {@link registerHalfProducts}. */
export function multiply(backend: SeqrecWebgpuBackend, operands: Product): TensorInfo | undefined {
  const { a, b, bias, activation } = operands;
  if (backend.precision === 'f32' || a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  const layout = productLayout(operands);
  if (layout === undefined || (bias !== undefined && !isRow(bias, layout.columns))) return undefined;
  const { shape, ...sizes } = layout;
  const { batch, rows, columns, parts } = sizes;
  const c = backend.output(shape);
  const count = sizeOf(c);
  if (count === 0) return c;
  const groups = parts * batch * Math.ceil(rows / BLOCK) * Math.ceil(columns / BLOCK);
  const biased = bias !== undefined;
  const biases = biased ? [bias] : [];
  const number = ACTIVATIONS.indexOf(activation);
  const unit = backend.matrices.products;
  const program = (withBias: boolean) => (unit === undefined ? product(withBias) : matrixProduct(withBias, unit));
  if (parts === 1) {
    const uniforms = { ...sizes, activation: number };
    backend.dispatch(program(biased), { tensors: [a, b, ...biases, c], uniforms, groups });
    return c;
  }
  backend.withScratch([parts * count], (partial) => {
    backend.dispatch(program(false), { tensors: [a, b, partial], uniforms: { ...sizes, activation: 0 }, groups });
    const uniforms = { count, columns, parts, activation: number };
    backend.dispatch(addParts(biased), { tensors: [partial, ...biases, c], uniforms, groups: flatGroups(count) });
  });
  return c;
}

function isRow(bias: TensorInfo, columns: number): boolean {
  return bias.dtype === 'float32' && bias.shape.at(-1) === columns && sizeOf(bias) === columns;
}

interface FusedAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: backend_util.Activation;
}

/**
 * Registers matrix products with operands in float16 and sums in float32 over the stock ones; returns what puts those
 * back. Stock they stay for integers, batches that both broadcast, PReLU and leaky ReLU.
 */
export function registerHalfProducts(name: string): () => void {
  const restore = [
    override<FusedAttrs>(name, BatchMatMul, ({ a, b }, backend, { transposeA, transposeB }) =>
      multiply(backend, { a, b, transposeA, transposeB, activation: 'linear' }),
    ),
    override<FusedAttrs>(
      name,
      _FusedMatMul,
      ({ a, b, bias }, backend, { transposeA, transposeB, activation = 'linear' }) =>
        isKnown(activation) ? multiply(backend, { a, b, bias, transposeA, transposeB, activation }) : undefined,
    ),
  ];
  return () => {
    for (const put of restore) put();
  };
}

function isKnown(activation: string): activation is Activation {
  return (ACTIVATIONS as readonly string[]).includes(activation);
}
