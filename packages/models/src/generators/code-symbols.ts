import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';

/** The codes of items as rows of one table: row 0 is padding, then come the codes of each level in turn. */
export interface CodeSymbols {
  /** Items are `1..numItems`. */
  readonly numItems: number;
  /** Codes of an item, `L`. */
  readonly levels: number;
  /** Codes of each level, `K_l`. */
  readonly sizes: readonly number[];
  /** Row of code 0 of each level. */
  readonly firsts: readonly number[];
  /** Rows besides that of padding: `S = sum K_l`. */
  readonly count: number;
  /** The rows of each item, `[numItems + 1, L]`; zeros for item 0. */
  readonly ofItems: Int32Array;
}

/** @param codes a row an item: of item 1 first. */
export function codeSymbols({ count: numItems, sizes, values }: Codes): CodeSymbols {
  const levels = sizes.length;
  const firsts: number[] = [];
  let next = 1;
  for (const size of sizes) {
    firsts.push(next);
    next += size;
  }
  const ofItems = new Int32Array((numItems + 1) * levels);
  for (let e = 0; e < values.length; e++) ofItems[levels + e] = firsts[e % levels] + values[e];
  return { numItems, levels, sizes, firsts, count: next - 1, ofItems };
}

/** Tokens of the longest sequence that trains an encoder: `events` items, then the one to predict but its last code. */
export function codeTokens(events: number, levels: number): number {
  return events * levels + levels - 1;
}
