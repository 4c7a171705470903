import { ExampleList, type ExampleSet, type Interactions, takeExamples } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import type { DeltaReplay } from './replay.ts';

/** What a part of the events is trained on, and what is ranked before. */
export interface Slice {
  /** Events in it. */
  readonly events: number;
  /** Of each of its users the history up to the end of the slice; its last event is the last target. */
  readonly train: ExampleSet;
  /** Events of the slice that have a history, which is everything of the user before them. */
  readonly queries: ExampleSet;
}

/** The base, and the slices after it, by time. */
export interface Slices {
  readonly base: ExampleSet;
  readonly slices: readonly Slice[];
}

/**
 * Cuts the events of a data set by time: `base` of them, the oldest, and slices of equal numbers of events, up to
 * events of one second, which are never parted.
 *
 * @throws ConfigError when there is nothing to train on or to rank in a part.
 */
export function slicesByTime(
  interactions: Interactions,
  { base, periods, slices, queries }: Pick<DeltaReplay, 'base' | 'periods' | 'slices' | 'queries'>,
): Slices {
  const sorted = Float64Array.from(interactions.timestamps).sort();
  const first = Math.round(base * sorted.length);
  const count = periods * slices;
  const cuts = Array.from(
    { length: count },
    (_, k) => sorted[first + Math.round(((sorted.length - first) * k) / count)],
  );
  const between = (k: number): [number, number] => [cuts[k], cuts[k + 1] ?? Number.POSITIVE_INFINITY];
  const all = { base: examplesOf(interactions, Number.NEGATIVE_INFINITY, cuts[0]).train, slices: [] as Slice[] };
  for (let k = 0; k < count; k++) {
    const slice = examplesOf(interactions, ...between(k));
    all.slices.push({ ...slice, queries: even(slice.queries, queries) });
  }
  const empty = all.slices.findIndex(
    ({ train, queries: asked }) => Math.min(train.users.length, asked.users.length) === 0,
  );
  if (all.base.users.length === 0 || empty >= 0) {
    const where = empty >= 0 ? `slice ${empty + 1} of ${count}` : 'the base';
    throw new ConfigError(`replay: expected users with two events in every part; got none in ${where}`, 'periods');
  }
  return all;
}

/** Those of the events with times in `[from, to)`. */
function examplesOf(interactions: Interactions, from: number, to: number): Slice {
  const { userOffsets, numUsers, timestamps } = interactions;
  const [train, queries] = [new ExampleList(), new ExampleList()];
  let events = 0;
  for (let user = 0; user < numUsers; user++) {
    const start = userOffsets[user];
    let last = -1;
    for (let event = start; event < userOffsets[user + 1]; event++) {
      if (timestamps[event] < from || timestamps[event] >= to) continue;
      events++;
      last = event;
      if (event > start) queries.add(user, start, event);
    }
    if (last > start) train.add(user, start, last);
  }
  return { events, train: train.toSet('train', interactions), queries: queries.toSet('test', interactions) };
}

/** At most `count` examples, evenly spread. */
function even(set: ExampleSet, count: number): ExampleSet {
  const total = set.targets.length;
  if (total <= count) return set;
  return takeExamples(
    set,
    Int32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * total) / count)),
  );
}
