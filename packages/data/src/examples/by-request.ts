import { OptionError } from '../errors.ts';
import type { ExampleSet } from '../splits/split.ts';

/**
 * Rows of a set that have one history, as one example: example `e` has the rows `offsets[e] .. offsets[e + 1] - 1`.
 */
export interface RequestRows {
  /** shape [number of examples + 1] */
  readonly offsets: Int32Array;
  /** The example of each row in the set that the requests were made of; shape [rows]. */
  readonly examples: Int32Array;
  /** The target event of each row; shape [rows]. */
  readonly targets: Int32Array;
}

/** Examples whose history is followed by several rows, the candidates of a request; `targets` has the first of each. */
export interface RequestSet extends ExampleSet {
  readonly rows: RequestRows;
}

export interface ByRequestOptions {
  /** Rows of one request have one time; default false: one history is enough. */
  readonly sameTime?: boolean;
  /** Newest events of a history that are kept; default all. */
  readonly maxHistory?: number;
}

/**
 * The rows of a set by their histories: neighbouring rows of one user with the same history (and the same time, where
 * that is asked for) are one example. A model that judges candidates independently of each other gives a row the same
 * score whatever rows stand beside it, so this is a matter of work alone: a history is read once.
 */
export function byRequest(set: ExampleSet, options: ByRequestOptions = {}): RequestSet {
  const { sameTime = false, maxHistory = Number.POSITIVE_INFINITY } = options;
  if (!(maxHistory >= 1)) {
    throw new OptionError('byRequest', `expected maxHistory of 1 or more; got ${maxHistory}`, { key: 'maxHistory' });
  }
  const { interactions, users, targets, events } = set;
  const starts = set.starts.map((start, e) => Math.max(start, targets[e] - maxHistory));
  /** Where the list of events of a history begins that lost its oldest ones. */
  const firstEvent = (e: number): number =>
    events === undefined ? starts[e] : events.offsets[e] + starts[e] - set.starts[e];
  const { timestamps } = interactions;
  const count = targets.length;
  const firsts: number[] = [];
  const isNew = (e: number): boolean => {
    if (e === 0 || users[e] !== users[e - 1]) return true;
    if (sameTime && timestamps[targets[e]] !== timestamps[targets[e - 1]]) return true;
    const length = targets[e] - starts[e];
    if (length !== targets[e - 1] - starts[e - 1]) return true;
    return length > 0 && firstEvent(e) !== firstEvent(e - 1);
  };
  for (let e = 0; e < count; e++) if (isNew(e)) firsts.push(e);
  const own = Int32Array.from(firsts);
  const at = (values: Int32Array): Int32Array => own.map((e) => values[e]);
  return {
    ...set,
    users: at(users),
    starts: at(starts),
    targets: at(targets),
    ...(events && {
      events: {
        offsets: Int32Array.from([...own, count], (e) => (e < count ? firstEvent(e) : events.indices.length)),
        indices: events.indices,
      },
    }),
    rows: {
      offsets: Int32Array.from([...firsts, count]),
      examples: Int32Array.from({ length: count }, (_, e) => e),
      targets: targets.slice(),
    },
  };
}

/** Whether examples are requests of several rows. */
export function hasRows(set: ExampleSet): set is RequestSet {
  return (set as Partial<RequestSet>).rows !== undefined;
}
