import type { UserEvent } from './scorer.ts';

/** An event by columns of data, where a rating that is not known is absent or not a number. */
export function userEvent(item: number, time: number, rating = Number.NaN): UserEvent {
  return { item, time, ...(!Number.isNaN(rating) && { rating }) };
}

/** Whether a rating is finite as the 32-bit float that models read. */
export function isRating(rating: number): boolean {
  return Number.isFinite(Math.fround(rating));
}
