import { plainEncoderLayer } from '../../../test-support/plain-encoder-layer.ts';
import { affine, range, type Vector } from '../../../test-support/plain-rows.ts';
import type { PlainPool } from '../../sequence/test-support/plain.ts';

export interface PlainTransact {
  readonly blocks: number;
  readonly latest: number;
  readonly order: 'newest-first' | 'oldest-first';
  /** With `pinterest`, how long histories are filled up to. */
  readonly filled?: number;
}

/** The history newest first, the item beside each event; a padding event where there is none. */
export function plainTransact({ blocks, latest, order, filled = 1 }: PlainTransact): PlainPool {
  return (w, { events, items, padding, itemWidth }, b) => {
    const item = items[b].slice(0, itemWidth);
    const there = [...events[b]].reverse();
    const seen = [...there.map(() => true), ...range(Math.max(0, filled - there.length)).map(() => false)];
    if (there.length === 0) seen[0] = true;
    const rows = seen.map((_, j) => [...(there[j] ?? padding), ...item]);
    let x: Vector[] = rows;
    for (let i = 0; i < blocks; i++) x = plainEncoderLayer(w, `transformer.${i}`, x, { heads: 2, slope: 0, seen });
    const kept = range(latest).map((k) => x[k] ?? x[0].map(() => 0));
    const most = affine(
      w,
      'pooled',
      x[0].map((_, d) => Math.max(...x.map((row) => row[d]))),
    );
    return order === 'newest-first' ? [...most, ...kept.flat()] : [...kept.reverse().flat(), ...most];
  };
}
