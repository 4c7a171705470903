import { addFlops, attentionFlops, type Flops, linearFlops, timesFlops, type Workload } from '../../flops/flops.ts';
import type { T5Config } from './config.ts';

/**
 * A step on histories of so many codes, after each of which `written` codes are predicted. Attention to a stack's own
 * tokens has a column more for each place; the head is over the codes of a level, one level after the other, or over
 * all rows for each code.
 */
export function t5Flops(config: T5Config, { lengths, tokens, written, itemRows }: Workload): Flops {
  const { embeddingDim: d, numHeads, headDim, ffnDim, feedForward, encoderBlocks, decoderBlocks, softmax } = config;
  const inner = numHeads * headDim;
  const histories = lengths.length;
  const rows = histories * written;
  const all = Array.from(lengths);
  const longest = Math.max(0, ...all);
  const heads = (places: number) => ({ count: numHeads, query: headDim + places, value: headDim });
  const attention = (count: number, pairs: number, places: number): Flops =>
    addFlops(
      linearFlops(count, { in: d, out: 3 * inner }),
      attentionFlops(pairs, heads(places)),
      linearFlops(count, { in: inner, out: d }),
    );
  const feed = (count: number): Flops =>
    addFlops(
      linearFlops(count, { in: d, out: (feedForward === 'gated-gelu' ? 2 : 1) * ffnDim }),
      linearFlops(count, { in: ffnDim, out: d }),
    );
  const encoder = addFlops(
    attention(
      tokens,
      all.reduce((sum, length) => sum + length ** 2, 0),
      longest,
    ),
    feed(tokens),
  );
  const cross = addFlops(
    linearFlops(rows, { in: d, out: inner }),
    linearFlops(tokens, { in: d, out: 2 * inner }),
    attentionFlops(tokens * written, heads(0)),
    linearFlops(rows, { in: inner, out: d }),
  );
  const decoder = addFlops(attention(rows, (histories * written * (written + 1)) / 2, written), cross, feed(rows));
  const head =
    softmax === 'all'
      ? linearFlops(rows, { in: d, out: itemRows })
      : linearFlops(histories, { in: d, out: Math.max(0, itemRows - 1) });
  return addFlops(timesFlops(encoderBlocks, encoder), timesFlops(decoderBlocks, decoder), head);
}
