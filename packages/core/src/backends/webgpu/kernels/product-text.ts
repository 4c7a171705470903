import { BLOCK, DEPTH } from './product-layout.ts';

/**
 * Operands are scaled to magnitudes below `2^(TOP + 1)`: float16 ends at `2^16`, and 28 binary places
 * below are at full precision.
 */
const TOP = 14;

/** In the order of their numbers in {@link finishing}. */
export const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** `finish(sum, column)`: adds the bias, applies the activation. */
export function finishing(biased: boolean): string {
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
 * Walks over the 64 rows of `a` (columns of `b`) from `first` for the terms from `term`; a quad holds four of
 * them. Threads run along the axis that is contiguous in memory. Past the ends all is zero, so that what lies
 * there, NaN too, has no part.
 */
function walk(name: 'a' | 'b', threads: number, use: string): string {
  const quads = BLOCK / 4;
  const [first, count] = name === 'a' ? ['row', 'u.rows'] : ['column', 'u.columns'];
  const lines = [0, 1, 2, 3].map(
    (i) => `
        if (line + ${i}u < ${count}) { value.${'xyzw'[i]} = ${name}[at + ${i}u * u.${name}Line]; }`,
  );
  return `
    for (var e = lane; e < ${DEPTH * quads}u; e += ${threads}u) {
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

/**
 * Largest magnitude of a tile, of all tiles so far in fact: with it grows the power of two that
 * operands are divided by.
 */
export function measure(name: 'a' | 'b', threads: number): string {
  return `${walk(name, threads, `${name}Most = max(${name}Most, magnitude(value));`)}
    atomicMax(&${name}Largest, ${name}Most);`;
}

/** Walks again; `put` stores the four numbers `scaled`, at `depth` and `quad` of the tile. */
export function keep(name: 'a' | 'b', threads: number, put: string): string {
  return walk(name, threads, `let scaled = value * powerOfTwo(${TOP} - ${name}Exponent);\n      ${put}`);
}

/** Which block of results this workgroup has, and which terms; the powers of two before the first of them. */
export const PRODUCT_PROLOGUE = `
  let columnBlocks = (u.columns + ${BLOCK - 1}u) / ${BLOCK}u;
  let rowBlocks = (u.rows + ${BLOCK - 1}u) / ${BLOCK}u;
  let column = (group % columnBlocks) * ${BLOCK}u;
  let row = (group / columnBlocks % rowBlocks) * ${BLOCK}u;
  let slice = group / columnBlocks / rowBlocks;
  let item = slice % u.batch;
  let part = slice / u.batch;
  if (part >= u.parts) { return; }
  let end = min(u.terms, (part + 1u) * u.partTerms);
  var aMost = 0u;
  var bMost = 0u;
  var aExponent = exponent(0u);
  var bExponent = exponent(0u);`;

/** Writes result (i, j), `sum` in units of the powers of two; `unit` must be declared, see {@link UNIT}. */
export function writeResult(sum: string): string {
  return `if (i < u.rows && j < u.columns) {
        c[(slice * u.rows + i) * u.columns + j] = finish(${sum} * powerOfTwo(unit / 2) * powerOfTwo(unit - unit / 2), j);
      }`;
}
export const UNIT = `
  let unit = aExponent + bExponent - ${2 * TOP};`;

export const SCALING = `
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
export const LAYOUT_UNIFORMS = [
  ...['rows', 'columns', 'terms', 'batch', 'parts', 'partTerms'],
  ...['aStep', 'aLine', 'aTerm', 'bStep', 'bLine', 'bTerm'],
];
