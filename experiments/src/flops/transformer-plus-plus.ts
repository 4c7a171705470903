import type { TransformerPlusPlusConfig } from '@seqrec/models';
import { addFlops, attentionFlops, type Flops, linearFlops, timesFlops, type Workload } from './flops.ts';

/** A block: `D -> 3 D`, attention of `H` heads of width `D / H`, `D -> D`, then `D -> 2 F` and `F -> D` of the gated unit. */
export function transformerPlusPlusFlops(config: TransformerPlusPlusConfig, { tokens, pairs }: Workload): Flops {
  const { embeddingDim: d, numHeads, numBlocks } = config;
  const ffnDim = config.ffnDim ?? 8 * Math.ceil(d / 3);
  const block = addFlops(
    linearFlops(tokens, { in: d, out: 3 * d }),
    attentionFlops(pairs, { count: numHeads, query: d / numHeads, value: d / numHeads }),
    linearFlops(tokens, { in: d, out: d }),
    linearFlops(tokens, { in: d, out: 2 * ffnDim }),
    linearFlops(tokens, { in: ffnDim, out: d }),
  );
  return timesFlops(numBlocks, block);
}
