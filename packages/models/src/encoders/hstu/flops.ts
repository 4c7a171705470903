import { addFlops, attentionFlops, type Flops, linearFlops, timesFlops, type Workload } from '../../flops/flops.ts';
import { withSwitches } from './blocks.ts';
import type { HstuConfig } from './config.ts';
import { numVisibleKeys } from './mask.ts';

/**
 * A block: `D -> 2 H C + 2 H A`, attention of `H` heads over the pairs that the mask leaves, `H C -> D`;
 * `H C` columns fewer without a gate, an output map three times as wide with `concat`. Interleaved actions
 * make two tokens of every event; where they are predicted, `D -> D -> 10` over the contents.
 */
export function hstuFlops(given: HstuConfig, work: Workload): Flops {
  const { tokens: events, lengths, predictsActions } = work;
  const config = withSwitches(given);
  const { embeddingDim: d, numHeads: h, dqk, dv, numBlocks, gate, concat } = config;
  const perEvent = config.actions === 'interleave' ? 2 : 1;
  const tokens = perEvent * events;
  let pairs = 0;
  for (let b = 0; b < lengths.length; b++) pairs += visiblePairs(given, perEvent * lengths[b]);
  const block = addFlops(
    linearFlops(tokens, { in: d, out: (gate ? 2 : 1) * h * dv + 2 * h * dqk }),
    attentionFlops(pairs, { count: h, query: dqk, value: dv }),
    linearFlops(tokens, { in: (concat === false ? 1 : 3) * h * dv, out: d }),
  );
  const blocks = timesFlops(numBlocks, block);
  return predictsActions ? addFlops(blocks, actionHeadFlops(config, work)) : blocks;
}

function actionHeadFlops({ embeddingDim: d }: HstuConfig, { tokens }: Workload): Flops {
  return addFlops(linearFlops(tokens, { in: d, out: d }), linearFlops(tokens, { in: d, out: 10 }));
}

/** Pairs of a query and a key that it sees, in a sequence of `length` tokens. */
function visiblePairs(config: HstuConfig, length: number): number {
  let pairs = 0;
  for (let i = 0; i < length; i++) pairs += numVisibleKeys(config, length, i);
  return pairs;
}
