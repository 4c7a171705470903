/** What one request may ask for, and how long requests may wait. */
export interface Limits {
  /** Bytes of a body. */
  readonly bodyBytes: number;
  /** Events of a request. */
  readonly events: number;
  /** Candidates of a request. */
  readonly candidates: number;
  /** Items of a list. */
  readonly top: number;
  /** Characters of a user's id. */
  readonly userId: number;
  /** Milliseconds that a request may be expected to wait; beyond, it is refused with 429. */
  readonly latencyMs: number;
  /** Requests of a shard that may wait, whatever they are expected to take. */
  readonly queue: number;
  /** Milliseconds in which a client must have sent its request. */
  readonly requestMs: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 4 * 2 ** 20,
  events: 10_000,
  candidates: 100_000,
  top: 1000,
  userId: 200,
  latencyMs: 500,
  queue: 10_000,
  requestMs: 30_000,
};
