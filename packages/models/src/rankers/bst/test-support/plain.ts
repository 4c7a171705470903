import { plainEncoderLayer } from '../../../test-support/plain-encoder-layer.ts';
import { row, type Vector } from '../../../test-support/plain-rows.ts';
import { type PlainPool, weighted } from '../../sequence/test-support/plain.ts';

/** The history and the item after it, each with its place counted from the item. */
export function plainBst(
  blocks: number,
  heads: number,
  { maxEvents, pooling }: { maxEvents: number; pooling: 'mean' | 'sum' | 'target' },
): PlainPool {
  return (w, { events, items }, b) => {
    const all = [...events[b], items[b]];
    let x: Vector[] = all.map((vector, j) =>
      w.has('positions.weight') ? [...vector, ...row(w, 'positions.weight', maxEvents + 1 - all.length + j)] : vector,
    );
    for (let i = 0; i < blocks; i++) x = plainEncoderLayer(w, `transformer.${i}`, x, { heads, slope: 0.01 });
    if (pooling === 'target') return x[x.length - 1];
    return weighted(
      x,
      x.map(() => (pooling === 'mean' ? 1 / x.length : 1)),
      x[0].length,
    );
  };
}
