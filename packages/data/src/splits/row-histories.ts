import { OptionError } from '../errors.ts';
import { withHistories } from '../examples/with-histories.ts';
import type { HistorySource, RowHistories, RowHistoryOptions } from './row-history-options.ts';
import type { ExampleSet, RowSplit } from './split.ts';

/**
 * The same split with histories of earlier events in every part, see `withHistories`; its step says what they hold.
 *
 * A split whose examples have a history already (`impressions`) keeps it, cut to its newest `maxEvents`: it ends
 * before the request.
 * @throws {OptionError} as `withHistories`; for `seen` or a `from` of a split that has histories already
 */
export function withRowHistories(split: RowSplit, options: RowHistoryOptions): RowSplit {
  const { maxEvents, sameTime = 'hidden' } = options;
  const { protocol, train, validation, test, step } = split;
  const usual: HistorySource = protocol === 'rows-by-time' ? 'all' : 'training';
  const { from = usual } = options;
  const isGiven = split.examples === 'impressions';
  if (isGiven && (sameTime !== 'hidden' || from !== usual)) {
    throw new OptionError(
      'withRowHistories',
      `expected sameTime hidden and from ${usual}, as the split makes the histories of impressions; got ${sameTime} and ${from}`,
      { key: sameTime === 'hidden' ? 'from' : 'sameTime', hint: 'split into points (--data.split.examples points)' },
    );
  }
  const events = from === 'all' ? undefined : targetsOf(train);
  const made = (set: ExampleSet): ExampleSet =>
    isGiven ? newest(set, maxEvents) : withHistories(set, { maxEvents, sameTime, ...(events && { events }) });
  // Those of `last-rows` go by order, whatever the times, and are of users that are in one part.
  const isByOrder = isGiven && protocol === 'last-rows';
  const histories: RowHistories = isByOrder
    ? { maxEvents, sameTime: 'seen', from: 'all' }
    : { maxEvents, sameTime, from };
  return {
    ...split,
    train: made(train),
    ...(validation && { validation: made(validation) }),
    test: made(test),
    histories,
    step: {
      ...step,
      detail: `${step.detail} ${sentence(histories, isGiven)}`,
      params: { ...step.params, ...histories },
    },
  };
}

function sentence({ maxEvents, sameTime, from }: RowHistories, isGiven: boolean): string {
  if (isGiven) return `Rankers read the newest ${maxEvents} events of a history.`;
  const which =
    sameTime === 'hidden'
      ? 'strictly earlier than the row'
      : 'before the row in the order of the data, those of its time among them';
  const parts =
    from === 'all'
      ? 'whatever part they are in: labels of rows that are tested on are inputs of later rows'
      : 'those of the training part alone';
  return `Rankers read the newest ${maxEvents} events of the user ${which}, ${parts}.`;
}

function targetsOf({ interactions, targets }: ExampleSet): Uint8Array {
  const events = new Uint8Array(interactions.numEvents);
  for (const target of targets) events[target] = 1;
  return events;
}

/** The newest events of histories that are there. */
function newest(set: ExampleSet, maxEvents: number): ExampleSet {
  const { starts, targets, events } = set;
  const cut = starts.map((start, e) => Math.max(start, targets[e] - maxEvents));
  if (events === undefined) return { ...set, starts: cut };
  const offsets = events.offsets.map((offset, e) => (e < cut.length ? offset + cut[e] - starts[e] : offset));
  return { ...set, starts: cut, events: { ...events, offsets } };
}
