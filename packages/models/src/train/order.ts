import { shuffle, streamKey } from '@seqrec/core';

/** The order of the examples of an epoch: by chance, a function of the seed and the epoch, or as they are. */
export interface OrderOptions {
  readonly count: number;
  readonly epoch: number;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Examples of one number follow each other: see `Task.together`. */
  readonly together?: ArrayLike<number>;
}

/** A permutation of `0 .. count - 1`; with `together` one of its groups, whose members keep their order. */
export function orderOfEpoch({ count, epoch, seed, shuffle: isShuffled, together }: OrderOptions): Int32Array {
  const key = streamKey(seed, 'order');
  const asTheyAre = () => Int32Array.from({ length: count }, (_, i) => i);
  if (together === undefined) return isShuffled ? shuffle(key, epoch, count) : asTheyAre();
  const members = new Map<number, number[]>();
  for (let example = 0; example < count; example++) {
    const own = members.get(together[example]);
    if (own === undefined) members.set(together[example], [example]);
    else own.push(example);
  }
  const groups = [...members.values()];
  const order = isShuffled ? Array.from(shuffle(key, epoch, groups.length), (g) => groups[g]) : groups;
  return Int32Array.from(order.flat());
}

/** Bounds of parts moved forward to where a group of a batch ends; some parts may be empty. */
export function boundsBetweenGroups(bounds: Int32Array, groupOf: (place: number) => number): Int32Array {
  const end = bounds[bounds.length - 1];
  return bounds.map((bound) => {
    let at = bound;
    while (at > 0 && at < end && groupOf(at) === groupOf(at - 1)) at++;
    return at;
  });
}
