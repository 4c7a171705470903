import { offsetsOf } from '@seqrec/core';

/** How the events of a request become tokens. */
export interface LayoutOptions {
  /** Contextual tokens in front of each history. */
  readonly contextual: number;
  /** Tokens of an event of a history: its content with its action (1), or content and action in turn (2). */
  readonly perEvent: 1 | 2;
  /** Tokens of a candidate; 2 is the training form of the reference, whose second token nobody sees. Default 1. */
  readonly perCandidate?: 1 | 2;
}

/**
 * Where the tokens of requests are: of each sequence contextual tokens, its history, its candidates. `B` sequences,
 * `H` events of histories, `R` candidates, `T` tokens.
 */
export interface RequestLayout {
  /** shape `[B + 1]` */
  readonly offsets: Int32Array;
  /** Tokens of the candidates at the end of each sequence; shape `[B]`. */
  readonly numTargets: number[];
  /**
   * Of each token its row among `[contextual (C B); tokens of events (perEvent H); tokens of candidates]`, each of them
   * sequence by sequence; shape `[T]`.
   */
  readonly rows: Int32Array;
  /** The tokens at which candidates are judged; shape `[R]`. */
  readonly candidates: Int32Array;
  /** Time of each token in seconds; shape `[T]`. */
  readonly times: Float64Array;
}

export interface RequestTimes {
  /** Of the events of the histories; shape `[H]`. */
  readonly events: ArrayLike<number>;
  /** When the candidates of a sequence are asked for; shape `[B]`. */
  readonly requests: ArrayLike<number>;
}

/** The layout of requests with histories `eventOffsets` and candidates `rowOffsets`, both `[B + 1]`. */
export function requestLayout(
  eventOffsets: Int32Array,
  rowOffsets: Int32Array,
  times: RequestTimes,
  { contextual, perEvent, perCandidate = 1 }: LayoutOptions,
): RequestLayout {
  const batch = eventOffsets.length - 1;
  const numTargets = Array.from({ length: batch }, (_, b) => perCandidate * (rowOffsets[b + 1] - rowOffsets[b]));
  const offsets = offsetsOf(
    numTargets.map((targets, b) => contextual + perEvent * (eventOffsets[b + 1] - eventOffsets[b]) + targets),
  );
  const rows = new Int32Array(offsets[batch]);
  const own = new Float64Array(offsets[batch]);
  const candidates = new Int32Array(rowOffsets[batch]);
  const firstEvent = contextual * batch;
  const firstCandidate = firstEvent + perEvent * eventOffsets[batch];
  let t = 0;
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < contextual; c++) {
      own[t] = Number.NEGATIVE_INFINITY;
      rows[t++] = b * contextual + c;
    }
    for (let e = eventOffsets[b]; e < eventOffsets[b + 1]; e++) {
      for (let p = 0; p < perEvent; p++) {
        own[t] = times.events[e];
        rows[t++] = firstEvent + perEvent * e + p;
      }
    }
    for (let r = rowOffsets[b]; r < rowOffsets[b + 1]; r++) {
      candidates[r] = t;
      for (let p = 0; p < perCandidate; p++) {
        own[t] = times.requests[b];
        rows[t++] = firstCandidate + perCandidate * r + p;
      }
    }
  }
  return { offsets, numTargets, rows, candidates, times: own };
}
