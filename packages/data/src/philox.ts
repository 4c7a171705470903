import { fnv1a } from './fnv1a.ts';

const multiplier = 0xd256d193;
const weyl = 0x9e3779b9;
const rounds = 10;

/**
 * Philox2x32-10: two 32-bit words for a counter of two words under a key of one, written to `out`.
 *
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, and the test vectors of Random123.
 */
export function philox2x32(c0: number, c1: number, key: number, out: Uint32Array): void {
  let left = c0 | 0;
  let right = c1 | 0;
  let k = key | 0;
  for (let round = 0; round < rounds; round++) {
    const low = Math.imul(multiplier, left);
    left = highProduct(multiplier, left) ^ k ^ right;
    right = low;
    k = (k + weyl) | 0;
  }
  out[0] = left;
  out[1] = right;
}

/** High 32 bits of the product of two unsigned 32-bit numbers. */
function highProduct(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  // Products of 16-bit numbers plus carries stay far below 2^53.
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(((middle & 0xffff) + aLow * bHigh) / 0x10000)) | 0;
}

/** Random numbers without a state: the value at a counter is the same whoever asks for it, when and how often. */
export interface CounterRandom {
  /** Uniform in [0, 1), 53 bits, at a pair of 32-bit counters. */
  uniform(c0: number, c1?: number): number;
  /** Uniform integer in 0..bound-1. */
  integer(bound: number, c0: number, c1?: number): number;
}

/** The numbers of a key of one word. */
export function keyedRandom(word: number): CounterRandom {
  const out = new Uint32Array(2);
  const uniform = (c0: number, c1 = 0): number => {
    philox2x32(c0, c1, word, out);
    return ((out[0] >>> 5) * 67_108_864 + (out[1] >>> 6)) / 9_007_199_254_740_992;
  };
  return { uniform, integer: (bound, c0, c1) => Math.floor(bound * uniform(c0, c1)) };
}

/** The numbers of a seed and a name, for example those of `by-user`; without what only Node has. */
export function namedRandom(seed: number, name: string): CounterRandom {
  const word = new Uint32Array(2);
  philox2x32(seed % 0x100000000, Math.floor(seed / 0x100000000), fnv1a(name), word);
  return keyedRandom(word[0]);
}
