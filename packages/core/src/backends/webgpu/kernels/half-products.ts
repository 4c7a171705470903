import { _FusedMatMul, BatchMatMul, type backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, uniforms as declare, type Program } from '../program.ts';
import { BLOCK, DEPTH, type Factors, productLayout } from './product-layout.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';

const THREADS = 64;
/** Steps between the quads of neighbouring terms: odd, so that they lie in other banks. */
const PITCH = BLOCK / 4 + 1;
/** Operands are scaled to magnitudes below `2^(TOP + 1)`: float16 ends at `2^16`, and 28 binary places below are at full precision. */
const TOP = 14;

/** In the order of their numbers in {@link finishing}. */
const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const;
type Activation = (typeof ACTIVATIONS)[number];

/** `finish(sum, column)`: adds the bias, applies the activation. */
function finishing(biased: boolean): string {
  return `
fn finish(sum: f32, column: u32) -> f32 {
  let x = sum${biased ? ' + bias[column]' : ''};
  switch u.activation {
    case 1u: { return max(x, 0.0); }
    case 2u: { return clamp(x, 0.0, 6.0); }
    case 3u: { return select(exp(x) - 1.0, x, x >= 0.0); }
    case 4u: { return 1.0 / (1.0 + exp(-x)); }
    default: { return x; }
  }
}
`;
}

/**
 * Walks over the 64 rows of `a` (columns of `b`) from `first` for the terms from `term`; a quad holds four of them. Threads run
 * along the axis that is contiguous in memory. Past the ends all is zero, so that what lies there, NaN too, has no part.
 */
function walk(name: 'a' | 'b', use: string): string {
  const quads = BLOCK / 4;
  const [first, count] = name === 'a' ? ['row', 'u.rows'] : ['column', 'u.columns'];
  const lines = [0, 1, 2, 3].map(
    (i) => `
        if (line + ${i}u < ${count}) { value.${'xyzw'[i]} = ${name}[at + ${i}u * u.${name}Line]; }`,
  );
  return `
    for (var e = lane; e < ${DEPTH * quads}u; e += ${THREADS}u) {
      let alongTerms = u.${name}Term == 1u;
      let depth = select(e / ${quads}u, e % ${DEPTH}u, alongTerms);
      let quad = select(e % ${quads}u, e / ${DEPTH}u, alongTerms);
      let line = ${first} + quad * 4u;
      let t = term + depth;
      let at = item * u.${name}Step + line * u.${name}Line + t * u.${name}Term;
      var value = vec4<f32>();
      if (t < end) {${lines.join('')}
      }
      ${use}
    }`;
}

/** Largest magnitude of a tile, of all tiles so far in fact: with it grows the power of two that operands are divided by. */
function measure(name: 'a' | 'b'): string {
  return `${walk(name, `${name}Most = max(${name}Most, magnitude(value));`)}
    atomicMax(&${name}Largest, ${name}Most);`;
}

function keep(name: 'a' | 'b'): string {
  const scaled = `value * powerOfTwo(${TOP} - ${name}Exponent)`;
  return walk(name, `${name}Tile[depth * ${PITCH}u + quad] = Tile(${scaled});`);
}

const SCALING = `
// Bits of the largest magnitude that is finite; bits of such numbers are ordered as the numbers are.
fn magnitude(x: vec4<f32>) -> u32 {
  let bits = bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu);
  let finite = select(vec4<u32>(), bits, bits < vec4<u32>(0x7f800000u));
  return max(max(finite.x, finite.y), max(finite.z, finite.w));
}
fn exponent(bits: u32) -> i32 { return max(i32(bits >> 23u) - 127, ${TOP - 126}); }
fn powerOfTwo(e: i32) -> f32 { return bitcast<f32>(u32(clamp(e, -126, 127) + 127) << 23u); }
var<workgroup> aLargest: atomic<u32>;
var<workgroup> bLargest: atomic<u32>;
`;

/** Fields of {@link ProductLayout}. */
const LAYOUT_UNIFORMS = [
  ...['rows', 'columns', 'terms', 'batch', 'parts', 'partTerms'],
  ...['aStep', 'aLine', 'aTerm', 'bStep', 'bLine', 'bTerm'],
];

/**
 * `c = finish(a b)`, or the partial sums of one part of the terms. A workgroup of 64 threads makes 64 by 64 results; thread
 * (tx, ty) = (lane % 8, lane / 8) has rows `4 ty ..` and `32 + 4 ty ..` of columns `4 tx ..` and `32 + 4 tx ..`. Operands
 * lie in workgroup memory as float16 (8.5 KiB), sums in float32 registers.
 *
 * Gradients are often smaller than float16 goes. So operands are divided by a power of two, that of the largest magnitude so
 * far, one for `a` and one for `b`; when it grows, the sums so far follow. Nothing overflows, and what vanishes is 2^38 times
 * smaller than the largest operand.
 */
function product(biased: boolean): Program {
  const rows = Array.from({ length: 8 }, (_, r) => r);
  const put = (r: number) => `case ${r}u: { results[ty * 16u + tx] = c${r}0; results[ty * 16u + 8u + tx] = c${r}1; }`;
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
    body: `
  let columnBlocks = (u.columns + ${BLOCK - 1}u) / ${BLOCK}u;
  let rowBlocks = (u.rows + ${BLOCK - 1}u) / ${BLOCK}u;
  let column = (group % columnBlocks) * ${BLOCK}u;
  let row = (group / columnBlocks % rowBlocks) * ${BLOCK}u;
  let slice = group / columnBlocks / rowBlocks;
  let item = slice % u.batch;
  let part = slice / u.batch;
  if (part >= u.parts) { return; }
  let end = min(u.terms, (part + 1u) * u.partTerms);
  let tx = lane % 8u;
  let ty = lane / 8u;
  ${rows.map((r) => `var c${r}0 = vec4<f32>(); var c${r}1 = vec4<f32>();`).join('\n  ')}
  var aMost = 0u;
  var bMost = 0u;
  var aExponent = exponent(0u);
  var bExponent = exponent(0u);
  for (var term = part * u.partTerms; term < end; term += ${DEPTH}u) {${measure('a')}${measure('b')}
    workgroupBarrier();
    let aNow = exponent(atomicLoad(&aLargest));
    let bNow = exponent(atomicLoad(&bLargest));
    if (aNow != aExponent || bNow != bExponent) {
      let shrink = powerOfTwo(aExponent - aNow) * powerOfTwo(bExponent - bNow);
      ${rows.map((r) => `c${r}0 *= shrink; c${r}1 *= shrink;`).join('\n      ')}
      aExponent = aNow;
      bExponent = bNow;
    }${keep('a')}${keep('b')}
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
  }
  let unit = aExponent + bExponent - ${2 * TOP};
  // Through workgroup memory, eight rows at a time, so that neighbouring threads write neighbours.
  for (var r = 0u; r < 8u; r++) {
    switch r {
      ${rows.map(put).join('\n      ')}
      default: {}
    }
    workgroupBarrier();
    for (var e = lane; e < ${8 * BLOCK}u; e += ${THREADS}u) {
      let i = row + (r / 4u) * 32u + (e / ${BLOCK}u) * 4u + r % 4u;
      let j = column + e % ${BLOCK}u;
      if (i < u.rows && j < u.columns) {
        c[(slice * u.rows + i) * u.columns + j] = finish(results[e / 4u][e % 4u] * powerOfTwo(unit / 2) * powerOfTwo(unit - unit / 2), j);
      }
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

interface Product extends Factors {
  readonly bias?: TensorInfo;
  readonly activation: Activation;
}

function multiply(backend: SeqrecWebgpuBackend, operands: Product): TensorInfo | undefined {
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
  if (parts === 1) {
    const uniforms = { ...sizes, activation: number };
    backend.dispatch(product(biased), { tensors: [a, b, ...biases, c], uniforms, groups });
    return c;
  }
  backend.withScratch([parts * count], (partial) => {
    backend.dispatch(product(false), { tensors: [a, b, partial], uniforms: { ...sizes, activation: 0 }, groups });
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
 * Registers matrix products with operands in float16 and sums in float32 over the stock ones; returns what puts those back.
 * Stock they stay for integers, batches that both broadcast, PReLU and leaky ReLU.
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
