import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers, the same on every machine. */
export interface RandomSource {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in 0..bound-1. */
  integer(bound: number): number;
}

/**
 * Random stream named by its key, for example `randomSource(seed, 'negatives', step)`.
 *
 * xoroshiro128+ (pure-rand) started from the first 128 bits of sha256 of the key: equal keys give equal streams,
 * different keys unrelated ones.
 */
export function randomSource(...key: readonly (number | string)[]): RandomSource {
  const hash = createHash('sha256').update(JSON.stringify(key)).digest();
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => hash.readInt32LE(at)));
  return {
    uniform: () => uniformFloat64(generator),
    integer: (bound) => uniformInt(generator, 0, bound - 1),
  };
}

/** Fisher-Yates, in place, on `array[from, to)`. */
export function shuffleRange(array: Uint32Array | Int32Array, from: number, to: number, random: RandomSource): void {
  for (let i = to - 1; i > from; i--) {
    const j = from + random.integer(i - from + 1);
    const kept = array[i];
    array[i] = array[j];
    array[j] = kept;
  }
}

/** A permutation of 0..count-1, the order of an epoch: the same for the same seed and epoch. */
export function epochOrder(count: number, seed: number, epoch: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  shuffleRange(order, 0, count, randomSource(seed, 'epoch order', epoch));
  return order;
}
