import { ConfigError } from '../../errors.ts';
import type { Codebooks, Codes } from '../tokenizers/tokenizer.ts';
import type { Rows } from '../vectors/rows.ts';

/** How items with equal codes are told apart. */
export const collisionRules = ['counter', 'next-nearest'] as const;
export type CollisionRule = (typeof collisionRules)[number];

/** The first `depth` codes of a row, as a key. */
export function prefixKey({ sizes, values }: Codes, row: number, depth: number): string {
  const at = row * sizes.length;
  return values.subarray(at, at + depth).join(',');
}

/** Rows by their codes of the first `depth` levels, in their order. */
export function groupsOf(codes: Codes, depth = codes.sizes.length): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (let r = 0; r < codes.count; r++) {
    const key = prefixKey(codes, r, depth);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [r]);
    else group.push(r);
  }
  return groups;
}

/**
 * One level more, which counts the items of equal codes in their order: 0 for an item alone.
 *
 * Source: Rajput et al. 2023 (arXiv:2305.05065), section 3.1.
 */
export function withCounter(codes: Codes): Codes {
  const levels = codes.sizes.length;
  const counters = new Int32Array(codes.count);
  let most = 1;
  for (const rows of groupsOf(codes).values()) {
    for (const [counter, row] of rows.entries()) counters[row] = counter;
    most = Math.max(most, rows.length);
  }
  const values = new Int32Array(codes.count * (levels + 1));
  for (let r = 0; r < codes.count; r++) {
    values.set(codes.values.subarray(r * levels, (r + 1) * levels), r * (levels + 1));
    values[r * (levels + 1) + levels] = counters[r];
  }
  return { count: codes.count, sizes: [...codes.sizes, most], values };
}

/**
 * The same levels: of items with equal codes the one nearest to its last centroid keeps it, the others take, farthest
 * first, the nearest last code that nobody with their other codes has.
 *
 * @throws ConfigError where a prefix has more items than the last level has codes, and for codebooks without
 *   `lastDistances`.
 */
export function withNextNearest(codes: Codes, codebooks: Codebooks, vectors: Rows): Codes {
  const levels = codes.sizes.length;
  const distances = codebooks.lastDistances?.(vectors, codes);
  if (distances === undefined)
    throw new ConfigError(
      "semantic ids: collisions: expected 'counter' for codes that are not those of nearest centroids; got 'next-nearest'",
      'ids.collisions',
    );
  const values = codes.values.slice();
  for (const rows of groupsOf(codes, levels - 1).values()) {
    const choices = new Map(rows.map((row) => [row, distances(row)]));
    const size = choices.get(rows[0])!.length;
    if (rows.length > size)
      throw new ConfigError(
        `semantic ids: collisions: expected at most ${size} items with equal codes before the last level; got ${rows.length}; use 'counter', or more codes`,
        'ids.collisions',
      );
    const own = (row: number): number => codes.values[row * levels + levels - 1];
    const byLast = Map.groupBy(rows, own);
    const taken = new Set<number>(byLast.keys());
    const homeless = [...byLast.values()].flatMap((members) => {
      const nearestFirst = members.toSorted((a, b) => choices.get(a)![own(a)] - choices.get(b)![own(b)] || a - b);
      return nearestFirst.slice(1);
    });
    homeless.sort((a, b) => choices.get(b)![own(b)] - choices.get(a)![own(a)] || a - b);
    for (const row of homeless) {
      const squares = choices.get(row)!;
      let best = -1;
      for (let k = 0; k < squares.length; k++) if (!taken.has(k) && (best < 0 || squares[k] < squares[best])) best = k;
      taken.add(best);
      values[row * levels + levels - 1] = best;
    }
  }
  return { ...codes, values };
}

/** @throws ConfigError naming two rows with equal codes. */
export function assertUnique(codes: Codes): void {
  for (const [key, rows] of groupsOf(codes)) {
    if (rows.length > 1)
      throw new ConfigError(
        `semantic ids: expected different codes for all items; got ${key} for the rows ${rows.slice(0, 5).join(', ')}`,
        'ids',
      );
  }
}
