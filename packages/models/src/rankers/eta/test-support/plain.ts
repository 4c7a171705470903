import { range, type Vector, type Weights } from '../../../test-support/plain-rows.ts';
import { plainTargetAttention } from '../../cross-attention/test-support/plain.ts';
import type { PlainPool } from '../../sequence/test-support/plain.ts';

interface PlainRetrieval {
  readonly heads: number;
  readonly shortEvents: number;
  readonly topK: number;
}

/** Attention to the newest events and to those of the largest scores; of equal ones the newest. */
export function plainRetrieval(
  { heads, shortEvents, topK }: PlainRetrieval,
  score: (w: Weights, item: Vector, event: Vector) => number,
): PlainPool {
  return (w, { events, items }, b) => {
    const item = items[b];
    const newestFirst = [...events[b]].reverse();
    const scores = newestFirst.map((event) => score(w, item, event));
    const order = range(newestFirst.length).sort((i, j) => scores[j] - scores[i] || i - j);
    const found = order.slice(0, topK).map((j) => newestFirst[j]);
    const newest = events[b].slice(-shortEvents);
    return [
      ...plainTargetAttention(w, 'short', { item, events: newest, heads }),
      ...plainTargetAttention(w, 'long', { item, events: found, heads }),
    ];
  };
}

/** How many bits two hashes share. */
export function sharedBits(directions: ArrayLike<number>, a: Vector, b: Vector): number {
  const bits = directions.length / a.length;
  const bit = (x: Vector, m: number): boolean =>
    x.reduce((sum, value, d) => sum + value * directions[d * bits + m], 0) > 0;
  return range(bits).filter((m) => bit(a, m) === bit(b, m)).length;
}
