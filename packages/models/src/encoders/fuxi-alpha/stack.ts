import { createEncoder } from '../../encoder.ts';
import { ItemEmbedding, LearnedPositions } from '../../layers/embeddings.ts';
import { smallStart } from '../../layers/small-start.ts';
import { tokenInput } from '../../layers/token-input.ts';
import type { ModelOptions, TokenEncoder } from '../../model.ts';
import { FuxiAlphaBlock } from './block.ts';
import { channelsOf } from './channels.ts';
import type { FuxiAlphaConfig } from './config.ts';

/** The public code's names of the weights of a block, in its order. */
const NAMES = {
  uvqk: '_uvqk',
  ts_w: '_rel_attn_bias._ts_w',
  pos_w: '_rel_attn_bias._pos_w',
  'lin0.weight': '_mffn.lin0.weight',
  'lin0.bias': '_mffn.lin0.bias',
  'lin1.weight': '_mffn.lin1.weight',
  'lin2.weight': '_mffn.lin2.weight',
  'lin3.weight': '_mffn.lin3.weight',
};

/** The public code's names of the weights that a block has, by ours. */
export function fuxiAlphaNames(block: FuxiAlphaBlock, prefix: string): Record<string, string> {
  const own = new Set(block.names);
  const entries = Object.entries(NAMES).filter(([name]) => own.has(name));
  return Object.fromEntries(entries.map(([name, theirs]) => [name, `${prefix}${theirs}`]));
}

/**
 * FuXi-alpha: the input and output of HSTU, `numBlocks` of {@link FuxiAlphaBlock} between them.
 *
 * Source: Ye et al. 2025 (arXiv:2502.03036); USTC-StarTeam/FuXi-alpha, `modeling/sequential/fuxi.py`.
 */
export function createFuxiAlpha(config: FuxiAlphaConfig, { numItems, seed = 0, features }: ModelOptions): TokenEncoder {
  const { embeddingDim, initialStd } = config;
  const paddedLength = config.maxSequenceLength + config.outputLength;
  const ffnDim = config.ffnDim ?? embeddingDim;
  const stack = Array.from({ length: config.numBlocks }, (_, i) => {
    const layer = new FuxiAlphaBlock({ ...config, ffnDim, paddedLength, seed, stream: `fuxi-alpha.${i}` });
    return { layer, names: fuxiAlphaNames(layer, `_fuxi._attention_layers.${i}.`) };
  });
  const { table } = smallStart(initialStd);
  const positions = new LearnedPositions({
    numPositions: paddedLength,
    embeddingDim,
    initialization: table ?? { kind: 'xavier-normal' },
    seed,
    stream: 'positions',
  });
  const readsTimes = channelsOf(config.channels).includes('time');
  return createEncoder({
    config,
    seed,
    features,
    items: new ItemEmbedding({ numItems, embeddingDim, initialization: table, seed, stream: 'items' }),
    input: tokenInput({ config, positions }),
    stack,
    context: ({ queryTimes, keyTimes }) => (readsTimes ? [queryTimes, keyTimes] : []),
  });
}
