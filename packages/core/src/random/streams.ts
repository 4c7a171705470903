import { UnsupportedError } from '../errors.ts';

/**
 * Counter-based random streams: Philox4x32-10.
 *
 * Every random number of the framework is a pure function of (seed, stream name, step, index), so it is never stored,
 * is the same on every backend and in the float64 reference, and survives a resumed run.
 *
 * Counter layout: `[index / 4, 0, step, 0]` (the second word counts on past 2^34 numbers), word
 * `index & 3`; key: {@link streamKey}.
 *
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; constants and known answers of Random123.
 */

/** Key of a stream: two unsigned 32-bit words. */
export interface RandomKey {
  readonly k0: number;
  readonly k1: number;
}

/** A place in a stream: the key and the step (for training, the global optimiser step). */
export interface RandomStream {
  readonly key: RandomKey;
  readonly step: number;
  /**
   * Number of the word that element 0 draws, a whole number up to 2^52; default 0. A part of a batch draws what the
   * whole batch would when its elements are counted on from those before it: with `r` rows of `w` elements before
   * the part, `r w`.
   */
  readonly first?: number;
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const STREAM_DOMAIN = 0x5eed;

/**
 * High 32 bits of the exact product of two unsigned 32-bit integers. In JavaScript doubles the product itself would be
 * rounded at 53 bits.
 */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // No sum passes 2^32: all of it stays in 32-bit registers.
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16);
  const carry = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/** One block: four words of Philox4x32 with ten rounds, written to `out[0..3]`. */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  let x0 = c0 >>> 0;
  let x1 = c1 >>> 0;
  let x2 = c2 >>> 0;
  let x3 = c3 >>> 0;
  let key0 = k0 >>> 0;
  let key1 = k1 >>> 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, x0);
    const low0 = Math.imul(MULTIPLIER_0, x0);
    const high1 = multiplyHigh(MULTIPLIER_1, x2);
    const low1 = Math.imul(MULTIPLIER_1, x2);
    x0 = (high1 ^ x1 ^ key0) >>> 0;
    x1 = low1 >>> 0;
    x2 = (high0 ^ x3 ^ key1) >>> 0;
    x3 = low0 >>> 0;
    key0 = (key0 + WEYL_0) >>> 0;
    key1 = (key1 + WEYL_1) >>> 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

/**
 * Key of the stream called `name` under `seed` (an integer of at most 53 bits).
 * First two words of `philox(counter = [fnv1a32(name), 0, 0x5eed, 0], key = [seed low, seed high])`.
 *
 * @throws UnsupportedError for another seed.
 */
export function streamKey(seed: number, name: string): RandomKey {
  if (!Number.isSafeInteger(seed))
    throw new UnsupportedError(`streamKey: expected a seed that is an integer of at most 53 bits; got ${seed}`);
  const words = new Uint32Array(4);
  philox4x32(fnv1a32(name), 0, STREAM_DOMAIN, 0, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, words);
  return { k0: words[0], k1: words[1] };
}

/** 32-bit FNV-1a hash of the UTF-8 bytes of `text`. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Words `first .. first + count - 1` of a stream at `step`. */
export function randomWords(key: RandomKey, step: number, count: number, first = 0): Uint32Array {
  const words = new Uint32Array(count);
  const block = new Uint32Array(4);
  // Blocks of four words, from the one that holds word `first` on.
  for (let i = -(first % 4); i < count; i += 4) {
    const counter = (first + i) / 4;
    philox4x32(counter, Math.floor(counter / 2 ** 32), step, 0, key.k0, key.k1, block);
    for (let lane = Math.max(0, -i); lane < 4 && i + lane < count; lane++) words[i + lane] = block[lane];
  }
  return words;
}

/** `count` numbers in `[0, 1)`, each a word divided by 2^32, from word `first` on. */
export function uniform01(key: RandomKey, step: number, count: number, first = 0): Float64Array {
  const words = randomWords(key, step, count, first);
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) numbers[i] = words[i] * 2 ** -32;
  return numbers;
}

/**
 * `count` integers, uniform in `low .. low + bound - 1`: `low + floor(word * bound / 2^32)`, exactly, from word
 * `first` on.
 */
export function integers(
  key: RandomKey,
  step: number,
  count: number,
  low: number,
  bound: number,
  first = 0,
): Int32Array {
  if (!(bound >= 1 && bound < 2 ** 32)) {
    throw new UnsupportedError(`integers: expected a bound from 1 to 2^32 - 1; got ${bound}`);
  }
  const words = randomWords(key, step, count, first);
  const drawn = new Int32Array(count);
  // A plain loop: `from` with a function takes several times as long, and row-wise training on a GPU waits for it.
  for (let i = 0; i < count; i++) drawn[i] = low + multiplyHigh(words[i], bound);
  return drawn;
}

/** A permutation of `0 .. n - 1`: Fisher-Yates from the end, position `i` uses word `n - 1 - i`. */
export function shuffle(key: RandomKey, step: number, n: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const words = randomWords(key, step, Math.max(n - 1, 0));
  for (let i = n - 1; i > 0; i--) {
    const j = multiplyHigh(words[n - 1 - i], i + 1);
    const swap = order[i];
    order[i] = order[j];
    order[j] = swap;
  }
  return order;
}

/**
 * `count` standard normal numbers by Box-Muller: numbers `2i` and `2i + 1` come from words `2i` and `2i + 1`. Begins
 * with number `first`, an even one.
 * `Math.log`, `Math.cos` and `Math.sin` may differ in the last bit between JavaScript engines.
 */
export function normals(key: RandomKey, step: number, count: number, first = 0): Float64Array {
  const words = randomWords(key, step, count + (count & 1), first);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = radiusOf(words[i]);
    const angle = angleOf(words[i + 1]);
    out[i] = radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/**
 * Normal numbers cut at two standard deviations: number `i` is the first of the {@link normals} `4i .. 4i + 3`
 * inside, or `4i` when none is. Only as many as needed are made. Begins with number `first`.
 */
export function truncatedNormals(key: RandomKey, step: number, count: number, first = 0): Float64Array {
  const out = new Float64Array(count);
  const block = new Uint32Array(4);
  for (let i = 0; i < count; i++) {
    const counter = first + i;
    philox4x32(counter, Math.floor(counter / 2 ** 32), step, 0, key.k0, key.k1, block);
    const radius = radiusOf(block[0]);
    const angle = angleOf(block[1]);
    const value = radius * Math.cos(angle);
    out[i] = Math.abs(value) < 2 ? value : furtherCandidate(block, radius, angle, value);
  }
  return out;
}

function furtherCandidate(block: Uint32Array, radius: number, angle: number, value: number): number {
  const second = radius * Math.sin(angle);
  if (Math.abs(second) < 2) return second;
  const lastRadius = radiusOf(block[2]);
  const lastAngle = angleOf(block[3]);
  const candidates = [lastRadius * Math.cos(lastAngle), lastRadius * Math.sin(lastAngle)];
  return candidates.find((candidate) => Math.abs(candidate) < 2) ?? value;
}

/** Half a unit is added so that the logarithm never sees zero. */
function radiusOf(word: number): number {
  return Math.sqrt(-2 * Math.log((word + 0.5) * 2 ** -32));
}

function angleOf(word: number): number {
  return 2 * Math.PI * word * 2 ** -32;
}

/** `floor(rate * 2^32)`: a word at or above it means "keep". */
export function dropoutThreshold(rate: number): number {
  return Math.floor(rate * 2 ** 32);
}
