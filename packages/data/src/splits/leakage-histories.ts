import { lastOfHistory } from './histories.ts';
import { type LeakageCheck, percent } from './leakage-check.ts';
import type { ExampleSet, Split } from './split.ts';

/** What histories of rows hold of the row itself, of later events, and of labels that are tested on. */
export function historyChecks(split: Split): LeakageCheck[] {
  const { histories, train, validation, test } = split;
  if (histories === undefined) return [];
  const sets = [train, ...(validation ? [validation] : []), test];
  const rows = sets.reduce((sum, { targets }) => sum + targets.length, 0);
  const late = sets.reduce((sum, set) => sum + notEarlier(set, histories.sameTime === 'hidden'), 0);
  const reading = readingTested(test);
  const share = reading / test.targets.length;
  return [
    {
      name: 'histories-not-earlier',
      value: late,
      share: late / rows,
      verdict: late === 0 ? 'ok' : 'leak',
      text: `${late} of ${rows} rows have a history that reaches the row itself or a later event${histories.sameTime === 'hidden' ? ', or one of the same time' : ''}.`,
    },
    {
      name: 'test-labels-in-histories',
      value: reading,
      share,
      verdict: reading === 0 ? 'ok' : 'note',
      text:
        `${reading} test rows (${percent(share)}) have earlier test rows of the user in their history` +
        `${reading === 0 ? '.' : ': the labels of these are known by then.'}`,
    },
  ];
}

/** Events of a history ascend, so that its newest one tells. */
function notEarlier(set: ExampleSet, byTime: boolean): number {
  const { interactions, targets } = set;
  let count = 0;
  for (let e = 0; e < targets.length; e++) {
    const last = lastOfHistory(set, e);
    if (last < 0) continue;
    const { timestamps } = interactions;
    if (byTime ? timestamps[last] >= timestamps[targets[e]] : last >= targets[e]) count++;
  }
  return count;
}

/** Test rows with an earlier one in their history. */
function readingTested(test: ExampleSet): number {
  const { events, interactions, targets, starts } = test;
  const tested = new Uint8Array(interactions.numEvents);
  for (const target of targets) tested[target] = 1;
  // Histories are ranges of `events`, or without it of all events: of each place, how many before it are tested.
  const places = events === undefined ? tested : Uint8Array.from(events.indices, (event) => tested[event]);
  const before = new Int32Array(places.length + 1);
  for (let at = 0; at < places.length; at++) before[at + 1] = before[at] + places[at];
  let count = 0;
  for (let e = 0; e < targets.length; e++) {
    const first = events === undefined ? starts[e] : events.offsets[e];
    if (before[first + targets[e] - starts[e]] > before[first]) count++;
  }
  return count;
}
