import { type SequenceBatch, sequenceBatch } from '@seqrec/data';
import type { CodeSymbols } from './code-symbols.ts';

/** Histories as codes, a token a code. */
export interface CodeBatch {
  readonly batch: SequenceBatch;
  /** Of each level: the token before each code to predict, and the row of that code; in the order of `targets`. */
  readonly asked: readonly { readonly tokens: Int32Array; readonly rows: Int32Array }[];
}

/**
 * The codes of the items of a batch, oldest first, at the times of their events.
 *
 * With `targets` each sequence goes on with the codes of its target but the last, so that every code of every item
 * after the first has a token before it: `n` items and their target are `n L + L - 1` tokens. Without, nothing is
 * asked. With `opening` each begins with that row, at the time of its first event.
 */
export function codeBatch(
  items: SequenceBatch,
  symbols: CodeSymbols,
  { targets, opening }: { readonly targets: boolean; readonly opening?: number | undefined },
): CodeBatch {
  const { levels, ofItems } = symbols;
  const { offsets: from, itemIds, timestamps, targets: next, targetTimestamps } = items;
  const sequences = from.length - 1;
  const extra = targets ? levels - 1 : 0;
  const openings = opening === undefined ? 0 : 1;
  const offsets = from.map((offset, b) => offset * levels + b * (extra + openings));
  const count = offsets[sequences];
  const rows = new Int32Array(count);
  const [times, nextTimes] = [new Float64Array(count), new Float64Array(count)];
  const asked = Array.from({ length: levels }, () => ({
    tokens: new Int32Array(targets ? itemIds.length : 0),
    rows: new Int32Array(targets ? itemIds.length : 0),
  }));
  for (let b = 0; b < sequences; b++) {
    let at = offsets[b];
    if (opening !== undefined) {
      rows[at] = opening;
      times[at] = timestamps[from[b]];
      nextTimes[at++] = timestamps[from[b]];
    }
    for (let t = from[b]; t < from[b + 1]; t++) {
      for (let l = 0; l < levels; l++, at++) {
        rows[at] = ofItems[itemIds[t] * levels + l];
        times[at] = timestamps[t];
        nextTimes[at] = l < levels - 1 ? timestamps[t] : targetTimestamps[t];
      }
      if (!targets) continue;
      for (let l = 0; l < levels; l++) {
        // The code before level l of the next item: where that stands, it comes right after this item.
        asked[l].tokens[t] = at - 1 + l;
        asked[l].rows[t] = ofItems[next[t] * levels + l];
      }
    }
    const last = from[b + 1] - 1;
    for (let l = 0; l < extra; l++, at++) {
      rows[at] = ofItems[next[last] * levels + l];
      times[at] = targetTimestamps[last];
      nextTimes[at] = targetTimestamps[last];
    }
  }
  return {
    batch: sequenceBatch({
      users: items.users,
      offsets,
      itemIds: rows,
      timestamps: times,
      targetTimestamps: nextTimes,
    }),
    asked,
  };
}
