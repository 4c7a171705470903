import { requestsOf } from '../examples/requests.ts';
import { type LeakageCheck, percent } from './leakage-check.ts';
import type { Split } from './split.ts';

/** Users that are tested on and train; by users none may. */
export function userChecks(split: Split, trained: Uint8Array): LeakageCheck[] {
  const { interactions, validation, test } = split;
  // Rows without a user all have the same one.
  if (interactions.numUsers < 2 || (split.protocol !== 'by-user' && split.examples === undefined)) return [];
  const trains = new Uint8Array(interactions.numUsers);
  for (let u = 0; u < trains.length; u++) {
    for (let e = interactions.userOffsets[u]; e < interactions.userOffsets[u + 1] && trains[u] === 0; e++) {
      trains[u] = trained[e];
    }
  }
  return [validation, test].flatMap((set) => {
    if (set === undefined) return [];
    let count = 0;
    for (const user of set.users) count += trains[user];
    const share = count / set.users.length;
    return [
      {
        name: `${set.name}-users-in-training`,
        value: count,
        share,
        verdict: count === 0 ? 'ok' : split.protocol === 'by-user' ? 'leak' : 'note',
        text:
          `${count} ${set.name} targets (${percent(share)}) are of users that training reads` +
          (count === 0 || split.protocol === 'by-user'
            ? '.'
            : ': what is tested is known users, and not new ones; a split by user tests those.'),
      },
    ];
  });
}

/** Requests that training reads a part of. */
export function requestChecks(split: Split, trained: Uint8Array): LeakageCheck[] {
  const { interactions, validation, test } = split;
  const { roles, events } = interactions;
  if (roles.request === undefined || events.columns.get(roles.request)?.kind !== 'id') return [];
  const { count: requests, of } = requestsOf(interactions);
  const cut = new Uint8Array(requests);
  for (let e = 0; e < of.length; e++) if (trained[e] === 1) cut[of[e]] = 1;
  return [validation, test].flatMap((set) => {
    if (set === undefined) return [];
    let count = 0;
    for (const target of set.targets) count += cut[of[target]];
    const share = count / set.targets.length;
    return [
      {
        name: `${set.name}-requests-in-training`,
        value: count,
        share,
        verdict: count === 0 ? 'ok' : split.examples === undefined ? 'note' : 'leak',
        text:
          `${count} ${set.name} targets (${percent(share)}) were shown in a request (${roles.request}) of which training reads ` +
          `another row${count === 0 ? '.' : ': one row of a request tells of the others.'}`,
      },
    ];
  });
}
