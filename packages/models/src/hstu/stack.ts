import { createEncoder } from '../encoder.ts';
import { ItemEmbedding, LearnedPositions } from '../layers/embeddings.ts';
import { tokenInput } from '../layers/token-input.ts';
import type { ModelOptions, SequenceModel } from '../model.ts';
import type { HstuConfig } from './config.ts';
import { HstuLayer } from './layer.ts';

/**
 * HSTU: item and position embeddings, `numBlocks` of {@link HstuLayer}, L2-normalised output, no final norm.
 *
 * Source: Zhai et al. 2024 (arXiv:2402.17152); names, sizes and initial values of the published research code.
 */
export function createHstu(config: HstuConfig, { numItems, seed = 0 }: ModelOptions): SequenceModel {
  const { embeddingDim, relativeBias } = config;
  const paddedLength = config.maxSequenceLength + config.outputLength;
  const stack = Array.from({ length: config.numBlocks }, (_, i) => {
    const prefix = `_hstu._attention_layers.${i}`;
    return {
      layer: new HstuLayer({ ...config, paddedLength, seed, stream: `hstu.${i}` }),
      names: {
        uvqk: `${prefix}._uvqk`,
        ...(relativeBias === 'position-time' ? { ts_w: `${prefix}._rel_attn_bias._ts_w` } : {}),
        ...(relativeBias === 'none' ? {} : { pos_w: `${prefix}._rel_attn_bias._pos_w` }),
        'o.weight': `${prefix}._o.weight`,
        'o.bias': `${prefix}._o.bias`,
      },
    };
  });
  const items = new ItemEmbedding({ numItems, embeddingDim, seed, stream: 'items' });
  // The reference re-draws this table with xavier-normal for HSTU, unlike for SASRec.
  const positions = new LearnedPositions({
    numPositions: paddedLength,
    embeddingDim,
    initialization: { kind: 'xavier-normal' },
    seed,
    stream: 'positions',
  });
  return createEncoder({
    config,
    seed,
    items,
    input: tokenInput({ config, positions }),
    stack,
    ...(relativeBias === 'position-time' ? { context: (batch) => [batch.queryTimes, batch.keyTimes] } : {}),
  });
}
