import { EvaluationError } from '../errors.ts';
import type { UserEvent } from './scorer.ts';
import { isRating, userEvent } from './user-event.ts';

/** First room of a history, doubled when it is full. */
const ROOM = 16;

/** Times of a sequence are kept as 32-bit seconds after its first event. */
export const MAXIMUM_SECONDS = 2 ** 31;

/** Events of a user, oldest first, in columns. */
export class History {
  private items = new Int32Array(ROOM);
  private times = new Float64Array(ROOM);
  private ratings = new Float32Array(ROOM);
  length = 0;

  /** @throws EvaluationError for an event that cannot come next; nothing is added then. */
  append(user: string, events: readonly UserEvent[], numItems: number): void {
    let latest = this.length > 0 ? this.times[this.length - 1] : Number.NEGATIVE_INFINITY;
    for (const { item, time, rating } of events) {
      if (!Number.isInteger(item) || item < 1 || item > numItems) {
        throw new EvaluationError(`append: expected dense item ids in 1..${numItems}; got ${item} for user '${user}'`);
      }
      if (!Number.isFinite(time)) {
        throw new EvaluationError(`append: expected times in seconds; got ${time} for user '${user}'`);
      }
      if (time < latest) {
        throw new EvaluationError(
          `append: expected a time of at least ${latest}, that of the event before it; got ${time} for user '${user}'; to correct a history, replace it`,
        );
      }
      const first = this.length > 0 ? this.times[0] : events[0].time;
      if (time - first >= MAXIMUM_SECONDS) {
        throw new EvaluationError(
          `append: expected times in seconds, less than 2^31 after the first event; got ${time} for user '${user}', ${time - first} after it; divide milliseconds by 1000`,
        );
      }
      if (rating !== undefined && !isRating(rating)) {
        throw new EvaluationError(
          `append: expected a rating that is finite as a 32-bit float; got ${rating} for user '${user}'`,
        );
      }
      latest = time;
    }
    this.reserve(this.length + events.length);
    for (const { item, time, rating } of events) {
      this.items[this.length] = item;
      this.times[this.length] = time;
      this.ratings[this.length++] = rating ?? Number.NaN;
    }
  }

  truncate(length: number): void {
    this.length = Math.min(this.length, length);
  }

  clone(): History {
    const copy = new History();
    copy.items = this.items.slice();
    copy.times = this.times.slice();
    copy.ratings = this.ratings.slice();
    copy.length = this.length;
    return copy;
  }

  itemAt(i: number): number {
    return this.items[i];
  }

  timeAt(i: number): number {
    return this.times[i];
  }

  /** Not a number where it is not known. */
  ratingAt(i: number): number {
    return this.ratings[i];
  }

  /** Item ids from `from` on; a view. */
  itemsFrom(from: number): Int32Array {
    return this.items.subarray(from, this.length);
  }

  at(i: number): UserEvent {
    return userEvent(this.items[i], this.times[i], this.ratings[i]);
  }

  events(): UserEvent[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i));
  }

  /** Events at the beginning that are the same. */
  commonPrefix(events: readonly UserEvent[]): number {
    const limit = Math.min(this.length, events.length);
    for (let i = 0; i < limit; i++) {
      const { item, time, rating = Number.NaN } = events[i];
      const isSame = item === this.items[i] && time === this.times[i];
      // Ratings are kept in float32.
      if (!isSame || !Object.is(Math.fround(rating), this.ratings[i])) return i;
    }
    return limit;
  }

  private reserve(count: number): void {
    if (count <= this.items.length) return;
    let room = this.items.length;
    while (room < count) room *= 2;
    const larger = <T extends Int32Array | Float64Array | Float32Array>(x: T, made: T): T => {
      made.set(x);
      return made;
    };
    this.items = larger(this.items, new Int32Array(room));
    this.times = larger(this.times, new Float64Array(room));
    this.ratings = larger(this.ratings, new Float32Array(room));
  }
}
