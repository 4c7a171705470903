import { integers, streamKey } from '@seqrec/core';
import { createModel, type TokenEncoder, type UserEvent } from '@seqrec/models';
import type { ServeShape } from './serve-work.ts';

/** Items of the catalogue; candidates are drawn from them. */
export const ITEMS = 10_000;
/** Events of a history before the window of the measurement begins to move. */
export const ROOM = 4;

/** A fresh HSTU with position and time bias: `actions` makes two tokens of an event, and candidates can be scored. */
export function serveModel(
  { blocks, heads, width, dim }: ServeShape,
  { events, actions }: { readonly events: number; readonly actions: boolean },
): TokenEncoder {
  return createModel(
    {
      ...{ kind: 'hstu', numBlocks: blocks, numHeads: heads, dqk: width, dv: width, embeddingDim: dim },
      ...{ maxSequenceLength: events, actions: actions ? 'interleave' : 'none' },
    },
    { numItems: ITEMS, seed: 1 },
  );
}

/** Events of a user, minutes to days apart, the times of whom never reach {@link NOW}. */
export function serveHistory(user: number, events: number): UserEvent[] {
  const draws = integers(streamKey(1, 'serve'), user, 3 * events, 0, 2 ** 20);
  let time = 0;
  return Array.from({ length: events }, (_, i) => {
    time += draws[3 * i] % 5 === 0 ? 3600 + (draws[3 * i] % 40_000) : 60 + (draws[3 * i] % 300);
    return { item: 1 + (draws[3 * i + 1] % ITEMS), time, rating: 1 + (draws[3 * i + 2] % 5) };
  });
}

/** A moment after all events: the mean gap is about five thousand seconds. */
export const NOW = 2e9;

/** Distinct items in an order of their own. */
export function candidateItems(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => 1 + ((i * 7919) % ITEMS));
}
