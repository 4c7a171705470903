import { sequenceBatch } from '@seqrec/data';
import { CodeTrie } from '../semantic-ids/codes/trie.ts';
import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';
import { checkHistory } from '../serve/check-history.ts';
import type { CodeMask } from './beams.ts';
import { type Debias, debiasOf } from './code-shares.ts';
import { codeSymbols } from './code-symbols.ts';
import type { DenseHead } from './dense/head.ts';
import { candidateFinder, type DenseDecoding } from './dense/rank.ts';
import type { CodeWriter } from './generator.ts';

export interface GenerateOptions {
  readonly writer: CodeWriter;
  /** A row an item: of item 1 first. */
  readonly codes: Codes;
  /** Prefixes kept after each level, at least `k`; `all`: every item is ranked. */
  readonly beams: number | 'all';
  readonly mask: CodeMask;
  readonly debias?: Debias;
  /** Ranks by vectors of items too; default: by codes alone. */
  readonly dense?: DenseDecoding & { readonly head: DenseHead };
  /** Dense item ids, oldest first; only the latest `maxEvents` are read. */
  readonly history: ArrayLike<number>;
  readonly maxEvents: number;
  /** Seconds, one per event. Default: all equal. */
  readonly timestamps?: ArrayLike<number>;
  /** When the recommendation is asked for, seconds; default: the time of the last event. */
  readonly requestTime?: number;
  /** How many items, default 10. */
  readonly k?: number;
  /** Leaves out items of the history, default true. */
  readonly excludeSeen?: boolean;
  /** Items that are left out in the place of those of the history. */
  readonly leftOut?: readonly number[];
}

/** One item that was written. */
export interface GeneratedItem {
  /** Dense item id. */
  readonly item: number;
  readonly codes: readonly number[];
  /** Sum of the log-probabilities of the codes; with vectors of items the mixed score. */
  readonly score: number;
}

/**
 * The `k` most likely items after a history, by `constrainedBeams` or `denseFinder`; fewer where fewer are left.
 *
 * @throws EvaluationError when the history is empty, holds an id outside `1..numItems`, or does not match its
 *   timestamps.
 */
export async function generateItems(options: GenerateOptions): Promise<GeneratedItem[]> {
  const { writer, codes, mask, k = 10, excludeSeen = true } = options;
  const history = Int32Array.from(options.history);
  const times = Float64Array.from(options.timestamps ?? new Float64Array(history.length));
  checkHistory('generate', history, times, codes.count);
  const start = Math.max(0, history.length - options.maxEvents);
  const itemIds = history.subarray(start);
  const timestamps = times.subarray(start);
  const asked = options.requestTime ?? timestamps[timestamps.length - 1];
  const batch = sequenceBatch({
    ...{ offsets: Int32Array.of(0, itemIds.length), itemIds, timestamps },
    targetTimestamps: Float64Array.of(...timestamps.subarray(1), asked),
  });
  const trie = new CodeTrie(codes);
  const width = options.beams === 'all' ? Number.POSITIVE_INFINITY : Math.max(options.beams, k);
  const leftOut = options.leftOut ?? (excludeSeen ? history : []);
  const open = leftOut.length > 0 ? () => trie.without(Array.from(leftOut, (item) => item - 1)) : undefined;
  const finder = await candidateFinder(trie, options.dense);
  const reader = writer.read(batch, codeSymbols(codes));
  try {
    const penalty = debiasOf(trie, options.debias);
    const beams = { trie, width, mask, ...(penalty && { penalty }), ...(open && { open }) };
    const { lists } = await finder.find(reader, 1, beams);
    const levels = codes.sizes.length;
    const { rows, scores } = lists[0];
    const order = Array.from(rows.keys()).sort(
      (a, b) => scores[b] - scores[a] || trie.leaf(rows[a]) - trie.leaf(rows[b]),
    );
    return order.slice(0, k).map((i) => ({
      item: rows[i] + 1,
      codes: [...codes.values.subarray(rows[i] * levels, (rows[i] + 1) * levels)],
      score: scores[i],
    }));
  } finally {
    reader.dispose();
    finder.dispose();
  }
}
