import { randomWords, streamKey } from '@seqrec/core';
import { ConfigError } from '../../errors.ts';
import type { Codes, FitOptions, Fitted } from './tokenizer.ts';

/** Codes that stand for no vector: new items cannot have one. */
function withoutVectors(codes: Codes): Fitted {
  return { codebooks: { sizes: codes.sizes, tensors: new Map() }, codes };
}

/**
 * Codes by chance, no two items alike: what ids bring of which nothing is learned.
 *
 * @throws ConfigError for more items than there are codes.
 */
export function fitRandom(
  count: number,
  { levels, codes: size }: { readonly levels: number; readonly codes: number },
  { seed }: FitOptions,
): Fitted {
  const all = size ** levels;
  if (all < count)
    throw new ConfigError(
      `semantic ids: expected at least as many codes as items; got ${size}^${levels} = ${all} for ${count}`,
      'ids.tokenizer',
    );
  const taken = new Set<number>();
  const values = new Int32Array(count * levels);
  const key = streamKey(seed, 'random-ids');
  // Words of a block each, so that a code that is taken is drawn again from the next one.
  for (let row = 0, block = 0; row < count; block++) {
    const words = randomWords(key, block, levels);
    let place = 0;
    for (const word of words) place = place * size + (word % size);
    if (taken.has(place)) continue;
    taken.add(place);
    for (const [level, word] of words.entries()) values[row * levels + level] = word % size;
    row++;
  }
  return withoutVectors({ count, sizes: new Array<number>(levels).fill(size), values });
}

/** One code an item: the same decoder is a plain model of sequences. */
export function fitAtomic(count: number): Fitted {
  return withoutVectors({ count, sizes: [count], values: Int32Array.from({ length: count }, (_, r) => r) });
}

/** Codes that were made elsewhere, `[count, levels]`; a level has as many codes as its largest one says. */
export function givenCodes(count: number, levels: number, values: Int32Array): Fitted {
  const sizes = Array.from({ length: levels }, (_, level) => {
    let most = 0;
    for (let r = 0; r < count; r++) most = Math.max(most, values[r * levels + level]);
    return most + 1;
  });
  return withoutVectors({ count, sizes, values });
}
