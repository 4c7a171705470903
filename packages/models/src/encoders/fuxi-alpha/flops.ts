import { addFlops, attentionFlops, type Flops, linearFlops, timesFlops, type Workload } from '../../flops/flops.ts';
import { channelsOf } from './channels.ts';
import type { FuxiAlphaConfig } from './config.ts';

/**
 * A block of M channels: `D -> (M + 1) H C + 2 H A`; the content channel is attention of `H` heads, any other is made
 * of two attentions of one head of query width 1 and value width `H C`; `M H C -> D`, then `D -> 2 F`, `F -> D`.
 */
export function fuxiAlphaFlops(config: FuxiAlphaConfig, { tokens, pairs }: Workload): Flops {
  const { embeddingDim: d, numHeads: h, dqk, dv, numBlocks, multistage, ffnDim = d } = config;
  const channels = channelsOf(config.channels);
  const content = channels.includes('content');
  const raw = channels.length - (content ? 1 : 0);
  const block = addFlops(
    linearFlops(tokens, { in: d, out: (channels.length + 1) * h * dv + (content ? 2 * h * dqk : 0) }),
    ...(content ? [attentionFlops(pairs, { count: h, query: dqk, value: dv })] : []),
    timesFlops(2 * raw, attentionFlops(pairs, { count: 1, query: 1, value: h * dv })),
    linearFlops(tokens, { in: channels.length * h * dv, out: d }),
    ...(multistage
      ? [linearFlops(tokens, { in: d, out: 2 * ffnDim }), linearFlops(tokens, { in: ffnDim, out: d })]
      : []),
  );
  return timesFlops(numBlocks, block);
}
