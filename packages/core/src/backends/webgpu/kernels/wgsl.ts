/** Pieces of WGSL that several programs share. */
import type { StreamAttrs } from '../../kernel-names.ts';

export const SIGMOID = `
fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }
fn sigmoid4(x: vec4<f32>) -> vec4<f32> { return 1.0 / (1.0 + exp(-x)); }
`;

/**
 * `rowSum(value, lane)`: the sum of `value` over the `lanes` threads that share a row, in a fixed order. Every thread
 * of the workgroup must call it.
 */
export function rowSum(threads: number, lanes: number): string {
  return `
var<workgroup> partial: array<f32, ${threads}>;
fn rowSum(value: f32, lane: u32) -> f32 {
  partial[lane] = value;
  workgroupBarrier();
  let first = lane - lane % ${lanes}u;
  var sum = 0.0;
  for (var i = 0u; i < ${lanes}u; i++) { sum += partial[first + i]; }
  workgroupBarrier();
  return sum;
}
`;
}

/** `philox(counter, key)`: four words of Philox4x32-10, bit for bit those of `random/streams.ts`. */
export const PHILOX = `
fn multiplyHigh(a: u32, b: u32) -> u32 {
  let aLow = a & 0xffffu;
  let aHigh = a >> 16u;
  let bLow = b & 0xffffu;
  let bHigh = b >> 16u;
  let middle = aHigh * bLow + ((aLow * bLow) >> 16u);
  let carry = aLow * bHigh + (middle & 0xffffu);
  return aHigh * bHigh + (middle >> 16u) + (carry >> 16u);
}
fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var x = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high0 = multiplyHigh(0xd2511f53u, x.x);
    let low0 = 0xd2511f53u * x.x;
    let high1 = multiplyHigh(0xcd9e8d57u, x.z);
    let low1 = 0xcd9e8d57u * x.z;
    x = vec4<u32>(high1 ^ x.y ^ k.x, low1, high0 ^ x.w ^ k.y, low0);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return x;
}
`;

/**
 * `streamBlock(b)`: the four words of block `b` of a stream, block 0 being the one that holds its first word; needs the
 * uniforms of {@link STREAM_UNIFORMS}. Element `i` has word `(i + u.skipped) % 4` of block `(i + u.skipped) / 4`.
 */
export const STREAM_BLOCK = `${PHILOX}
fn streamBlock(block: u32) -> vec4<u32> {
  let lower = u.counter + block;
  let upper = u.counterUpper + select(0u, 1u, lower < block);
  return philox(vec4<u32>(lower, upper, u.step, 0u), vec2<u32>(u.k0, u.k1));
}
`;

export const STREAM_UNIFORMS = ['k0', 'k1', 'step', 'counter', 'counterUpper', 'skipped'];

/** Values of {@link STREAM_UNIFORMS}. */
export function streamValues({ k0, k1, step, first }: StreamAttrs): Record<string, number> {
  const skipped = first % 4;
  const block = (first - skipped) / 4;
  return { k0, k1, step, counter: block % 2 ** 32, counterUpper: Math.floor(block / 2 ** 32), skipped };
}

/** `keepScale(i)`: the factor of element `i` under dropout; needs the uniforms of both lists. */
export const KEEP_SCALE = `${STREAM_BLOCK}
fn keepScale(i: u32) -> f32 {
  let at = i + u.skipped;
  return select(0.0, u.keep, streamBlock(at >> 2u)[at & 3u] >= u.threshold);
}
`;

export const DROPOUT_UNIFORMS = ['threshold', 'keep: f32'];

/** Values of {@link DROPOUT_UNIFORMS}. */
export function dropoutValues(rate: number): Record<string, number> {
  return { threshold: Math.floor(rate * 2 ** 32), keep: 1 / (1 - rate) };
}
