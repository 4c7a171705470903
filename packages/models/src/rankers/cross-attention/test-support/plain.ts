import { all, range, times, type Vector, type Weights } from '../../../test-support/plain-rows.ts';
import { type PlainPool, plainSoftmax } from '../../sequence/test-support/plain.ts';

/** Attention of an item to events, head by head; zeros without one. */
export function plainTargetAttention(
  w: Weights,
  name: string,
  { item, events, heads }: { item: Vector; events: readonly Vector[]; heads: number },
): Vector {
  if (events.length === 0) return item.map(() => 0);
  const map = (part: string, x: Vector): Vector => times(all(w, `${name}.W_${part}.weight`), x);
  const q = map('q', item);
  const [keys, values] = [events.map((event) => map('k', event)), events.map((event) => map('v', event))];
  const size = q.length / heads;
  const attended = range(heads).flatMap((head) => {
    const scores = keys.map(
      (key) => range(size).reduce((sum, a) => sum + q[head * size + a] * key[head * size + a], 0) / Math.sqrt(size),
    );
    const shares = plainSoftmax(scores);
    return range(size).map((a) => values.reduce((sum, value, j) => sum + shares[j] * value[head * size + a], 0));
  });
  return map('o', attended);
}

export function plainCrossAttention(heads: number): PlainPool {
  return (w, { events, items }, b) =>
    plainTargetAttention(w, 'attention', { item: items[b], events: events[b], heads });
}
