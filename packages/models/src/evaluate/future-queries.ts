import { type Interactions, partitionPoint } from '@seqrec/data';
import { EvaluationError } from '../errors.ts';

/** How often a user's vector is computed inside the window of the future. */
export type Cadence = 'once' | 'daily' | 'realtime';

export interface FutureOptions {
  /** Seconds, as a split cuts: histories end before it, and an event at it is a target. */
  readonly time: number;
  /** Days of the window, default 14. */
  readonly days?: number;
  /**
   * `once`: one vector at `time` for the whole window. `daily`: a new one each day. `realtime`: one before each moment.
   */
  readonly cadence?: Cadence;
}

/** One vector to compute, and what it has to find. Events are positions in the columns of the interactions. */
export interface FutureQuery {
  readonly user: number;
  /** First event of the user. */
  readonly start: number;
  /** The history is events `[start, end)`, all before `requestTime`. */
  readonly end: number;
  /** When the vector is computed, seconds. */
  readonly requestTime: number;
  /** The events to find. */
  readonly targets: { readonly from: number; readonly to: number };
}

const DAY = 86_400;

/**
 * The queries of every user who has an event before `time` and one in `[time, time + days)`. The targets of all
 * cadences are the same events: with `daily` they are divided among the days, with `realtime` among the moments. Events
 * of one moment are found together, from what came before it.
 *
 * Source: Pancha et al. 2022, section 4.1 and table 2 (arXiv:2205.04507).
 * @throws EvaluationError when the data have no times, or nobody has events on both sides.
 */
export function futureQueries(interactions: Interactions, options: FutureOptions): FutureQuery[] {
  const { time, days = 14, cadence = 'once' } = options;
  if (interactions.hasTimestamps === false || !Number.isFinite(time) || !(days > 0)) {
    throw new EvaluationError(
      `future: expected data with times, a time in seconds and days > 0; got time ${time}, days ${days} and data ${interactions.hasTimestamps === false ? 'without' : 'with'} times`,
    );
  }
  const { userOffsets, timestamps, numUsers } = interactions;
  const queries: FutureQuery[] = [];
  for (let user = 0; user < numUsers; user++) {
    const [start, stop] = [userOffsets[user], userOffsets[user + 1]];
    const known = firstFrom(timestamps, start, stop, time);
    const last = firstFrom(timestamps, known, stop, time + days * DAY);
    if (known === start) continue;
    for (let from = known; from < last; ) {
      const requestTime = requestTimeOf(timestamps[from], time, cadence);
      const to = partitionPoint(from, last, (i) => requestTimeOf(timestamps[i], time, cadence) === requestTime);
      queries.push({ user, start, end: from, requestTime, targets: { from, to } });
      from = to;
    }
  }
  if (queries.length > 0) return queries;
  throw new EvaluationError(
    `future: expected users with events before ${time} and in the ${days} days after it; got none in ${interactions.name}; choose an earlier time`,
  );
}

/** When the vector is computed that has to find an event: day `d` is `[time + d days, time + (d + 1) days)`. */
function requestTimeOf(event: number, time: number, cadence: Cadence): number {
  if (cadence === 'once') return time;
  if (cadence === 'realtime') return event;
  return time + Math.floor((event - time) / DAY) * DAY;
}

/** First event in `[from, to)` at `time` or later. */
function firstFrom(times: Float64Array, from: number, to: number, time: number): number {
  return partitionPoint(from, to, (i) => times[i] < time);
}
