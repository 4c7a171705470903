import type { GeneratedList } from '../generators/beams.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { itemWriter, type WritingOptions } from './item-writer.ts';
import { leftOut, type RecommendedListsOptions } from './recommended-lists.ts';

export type GeneratedListsOptions = WritingOptions &
  Pick<RecommendedListsOptions, 'examples' | 'k' | 'excludeSeen' | 'candidates' | 'onProgress'>;

/**
 * What generated codes recommend at the end of each history, best first; among equal scores the lower id first. Items
 * that are left out take no place in a beam, the item to predict among them where it was seen.
 */
export async function generatedLists(options: GeneratedListsOptions): Promise<Int32Array[]> {
  const { examples, k, codes, onProgress } = options;
  const { starts, targets } = examples;
  const asked = Array.from(targets.keys()).filter((e) => starts[e] < targets[e]);
  const lists: Int32Array[] = [];
  const writer = await itemWriter(options);
  const { batchSize } = writer;
  try {
    for (let first = 0; first < asked.length; first += batchSize) {
      const block = asked.slice(first, first + batchSize);
      const written = await writer.write(examples, block, (e) => leftOut(e, options, codes.count));
      for (const list of written.lists) lists.push(inOrder(list).slice(0, k));
      onProgress?.({ done: Math.min(first + batchSize, asked.length), total: asked.length });
      await yieldToEventLoop();
    }
  } finally {
    writer.dispose();
  }
  return lists;
}

/** Items of a list, best first; of equal scores the lower item first. */
function inOrder({ rows, scores }: GeneratedList): Int32Array {
  const places = Array.from(rows.keys()).sort((a, b) => scores[b] - scores[a] || rows[a] - rows[b]);
  return Int32Array.from(places, (place) => rows[place] + 1);
}
