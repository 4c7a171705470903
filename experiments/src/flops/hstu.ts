import type { HstuConfig } from '@seqrec/models';
import { addFlops, attentionFlops, type Flops, linearFlops, timesFlops, type Workload } from './flops.ts';

/** A block: `D -> 2 H C + 2 H A`, attention of `H` heads, `H C -> D`. */
export function hstuFlops(config: HstuConfig, { tokens, pairs }: Workload): Flops {
  const { embeddingDim: d, numHeads: h, dqk, dv, numBlocks } = config;
  const block = addFlops(
    linearFlops(tokens, { in: d, out: 2 * h * dv + 2 * h * dqk }),
    attentionFlops(pairs, { count: h, query: dqk, value: dv }),
    linearFlops(tokens, { in: h * dv, out: d }),
  );
  return timesFlops(numBlocks, block);
}
