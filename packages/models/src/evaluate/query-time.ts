import type { ExampleSet, SequenceBatch } from '@seqrec/data';
import type { TokenEncoder } from '../model.ts';
import { rowsStay } from '../registry.ts';

/**
 * The moment that a model is asked about, where it reads one (HSTU with its time bias): `target` is the time of
 * the event to predict, as the reference evaluates; `last` is the time of the last event of the history, when
 * nothing is known of the next.
 */
export type QueryTime = 'target' | 'last';

export const DEFAULT_QUERY_TIME: QueryTime = 'target';

/** What a printed definition says. */
export const QUERY_TIME_IN_WORDS: Readonly<Record<QueryTime, string>> = {
  target: 'that of the event to predict (queryTime target), as the public reference evaluates',
  last: 'that of the last event of the history (queryTime last)',
};

/**
 * The batch with the last event of each sequence asked at its own time; earlier ones keep the time
 * of the event after them.
 */
export function askedAt(batch: SequenceBatch, queryTime: QueryTime): SequenceBatch {
  if (queryTime === 'target') return batch;
  const targetTimestamps = batch.targetTimestamps.slice();
  for (let b = 1; b < batch.offsets.length; b++) {
    const last = batch.offsets[b] - 1;
    if (last >= batch.offsets[b - 1]) targetTimestamps[last] = batch.timestamps[last];
  }
  return { ...batch, targetTimestamps };
}

/**
 * Whether each position has to be asked by a pass of its own. Asked at the time of its last event it cannot share one
 * with later events; nor can it in a model whose rows change when an event comes ({@link rowsStay}), such as one that
 * counts positions from the newest: the row of an earlier event in a longer history is not what the model says after
 * that event.
 */
export function asksApart(model: TokenEncoder, positions: 'last' | 'all', queryTime: QueryTime): boolean {
  return positions === 'all' && (queryTime === 'last' || !rowsStay(model.config));
}

/**
 * An example for each position of each example that has an event before it, and the number of the example that it is
 * of. A position asked at the time of its last event cannot share an encoding with later ones: in theirs its query
 * has the time of the event after it.
 *
 * @param isUsed events that are no queries, but the target of an example always is one
 */
export function everyPosition(
  set: ExampleSet,
  isUsed: (event: number) => boolean,
): { readonly set: ExampleSet; readonly examples: Int32Array } {
  const examples: number[] = [];
  const targets: number[] = [];
  for (let e = 0; e < set.targets.length; e++) {
    for (let t = Math.min(set.starts[e] + 1, set.targets[e]); t <= set.targets[e]; t++) {
      if (t < set.targets[e] && isUsed(t)) continue;
      examples.push(e);
      targets.push(t);
    }
  }
  return {
    set: {
      ...set,
      users: Int32Array.from(examples, (e) => set.users[e]),
      starts: Int32Array.from(examples, (e) => set.starts[e]),
      targets: Int32Array.from(targets),
    },
    examples: Int32Array.from(examples),
  };
}
