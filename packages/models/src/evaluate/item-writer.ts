import { type ExampleSet, makeBatch } from '@seqrec/data';
import { EvaluationError } from '../errors.ts';
import type { CodeMask, Generated } from '../generators/beams.ts';
import { type Debias, debiasOf } from '../generators/code-shares.ts';
import { codeSymbols } from '../generators/code-symbols.ts';
import type { DenseHead } from '../generators/dense/head.ts';
import { candidateFinder, type DenseDecoding } from '../generators/dense/rank.ts';
import type { CodeWriter } from '../generators/generator.ts';
import { CodeTrie } from '../semantic-ids/codes/trie.ts';
import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';
import { askedAt, DEFAULT_QUERY_TIME, type QueryTime } from './query-time.ts';

/** How items are written after histories. */
export interface WritingOptions {
  readonly writer: CodeWriter;
  /** A row an item: of item 1 first. */
  readonly codes: Codes;
  /** Beams of a history; `all` ranks every item exactly. */
  readonly beams: number | 'all';
  /** Default `after`. */
  readonly mask?: CodeMask;
  /** Takes popularity off the scores; default: not. */
  readonly debias?: Debias;
  /** Ranks by vectors of items too; default: by codes alone. */
  readonly dense?: DenseDecoding & { readonly head: DenseHead };
  readonly queryTime?: QueryTime;
  /** Histories at a time, default 64; with `beams: 'all'` so many that all their prefixes are at most `MOST_ROWS`. */
  readonly batchSize?: number;
}

/** Writes items after the histories of examples. */
export interface ItemWriter {
  /** Histories at a time. */
  readonly batchSize: number;
  /** @param closed items that are not to be written after the history of an example. */
  write(set: ExampleSet, block: readonly number[], closed: (example: number) => Iterable<number>): Promise<Generated>;
  dispose(): void;
}

/** Prefixes of one pass, where every item is ranked. */
const MOST_ROWS = 2 ** 16;

/** @throws EvaluationError for a size of batches that is no count, and settings that do not fit. */
export async function itemWriter(options: WritingOptions): Promise<ItemWriter> {
  const { writer, codes, beams, mask = 'after', queryTime = DEFAULT_QUERY_TIME } = options;
  const trie = new CodeTrie(codes);
  const batchSize = sizeOf(options, trie);
  const penalty = debiasOf(trie, options.debias);
  const symbols = codeSymbols(codes);
  const width = beams === 'all' ? Number.POSITIVE_INFINITY : beams;
  const finder = await candidateFinder(trie, options.dense);
  return {
    batchSize,
    write: async (set, block, closed) => {
      const reader = writer.read(askedAt(makeBatch(set, block), queryTime), symbols);
      try {
        const rows = block.map((e) => Array.from(closed(e), (item) => item - 1));
        const open = (b: number) => (rows[b].length === 0 ? undefined : trie.without(rows[b]));
        return await finder.find(reader, block.length, { trie, width, mask, ...(penalty && { penalty }), open });
      } finally {
        reader.dispose();
      }
    },
    dispose: () => finder.dispose(),
  };
}

function sizeOf({ beams, batchSize = 64 }: WritingOptions, trie: CodeTrie): number {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new EvaluationError(`evaluate: batchSize: expected an integer >= 1; got ${batchSize}`);
  if (beams !== 'all') return batchSize;
  const widest = Math.max(...trie.sizes.map((_, level) => trie.nodes(level)));
  return Math.max(1, Math.min(batchSize, Math.floor(MOST_ROWS / widest)));
}
