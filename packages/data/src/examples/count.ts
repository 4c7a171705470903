import { rowsWhere } from '../rows-where.ts';
import type { ExampleSet } from '../splits/split.ts';
import { labelOf } from './labels.ts';
import { requestsOf } from './requests.ts';

export interface ExampleCounts {
  readonly examples: number;
  /** Different requests of the targets; 0 where the data have no such role. */
  readonly requests: number;
  /** Targets with a label above 0; 0 without a label. */
  readonly positives: number;
  /** Different users and items of the targets. */
  readonly users: number;
  readonly items: number;
  /** Examples whose history is empty. */
  readonly withoutHistory: number;
  /** Events of all histories. */
  readonly historyEvents: number;
}

/** What a ranker has to learn from: rows, requests, positives, histories. */
export function countExamples(set: ExampleSet, options: { readonly label?: string } = {}): ExampleCounts {
  const { interactions, users, starts, targets } = set;
  const { roles } = interactions;
  const label = roles.labels.length === 0 ? undefined : labelOf(interactions, options.label, 'countExamples').values;
  const requests = roles.request === undefined ? undefined : requestsOf(interactions, 'countExamples');
  const seen = new Uint8Array(requests?.count ?? 0);
  const seenUsers = new Uint8Array(interactions.numUsers);
  const seenItems = new Uint8Array(interactions.numItems + 1);
  const counts = { examples: targets.length, requests: 0, positives: 0, withoutHistory: 0, historyEvents: 0 };
  for (let e = 0; e < targets.length; e++) {
    const target = targets[e];
    if (label !== undefined && label[target] > 0) counts.positives++;
    if (starts[e] === target) counts.withoutHistory++;
    seenUsers[users[e]] = 1;
    seenItems[interactions.itemIds[target]] = 1;
    counts.historyEvents += target - starts[e];
    if (requests === undefined || seen[requests.of[target]] === 1) continue;
    seen[requests.of[target]] = 1;
    counts.requests++;
  }
  return { ...counts, users: rowsWhere(seenUsers).length, items: rowsWhere(seenItems).length };
}
