import { createEncoder } from '../../encoder.ts';
import { ItemEmbedding } from '../../layers/embeddings.ts';
import { RmsNorm } from '../../layers/rms-norm.ts';
import { rotationsOf } from '../../layers/rotary.ts';
import { tokenInput } from '../../layers/token-input.ts';
import type { ModelOptions, TokenEncoder } from '../../model.ts';
import { TransformerPlusPlusBlock } from './block.ts';
import type { TransformerPlusPlusConfig } from './config.ts';

const WEIGHTS = ['norm1.weight', 'attention.wqkv', 'attention.wo', 'norm2.weight', 'ffn.w13', 'ffn.w2'];

/**
 * Transformer++: a decoder of the LLaMA family between the input and output of HSTU, `sqrt(D) E[id]` without learned
 * positions, `numBlocks` of {@link TransformerPlusPlusBlock}, a final RMS norm, L2-normalised output.
 *
 * Source: the baseline of that name in Zhai et al. 2024, table 5 (arXiv:2402.17152), which does not spell it out;
 * Touvron et al. 2023 (arXiv:2302.13971).
 */
export function createTransformerPlusPlus(
  config: TransformerPlusPlusConfig,
  { numItems, seed = 0, features }: ModelOptions,
): TokenEncoder {
  const { embeddingDim, numHeads, headDim, blockDropout: dropout } = config;
  const ffnDim = config.ffnDim ?? 8 * Math.ceil(embeddingDim / 3);
  const items = new ItemEmbedding({ numItems, embeddingDim, seed, stream: 'items' });
  const stack = Array.from({ length: config.numBlocks }, (_, i) => ({
    layer: new TransformerPlusPlusBlock({
      embeddingDim,
      numHeads,
      headDim,
      ffnDim,
      dropout,
      seed,
      stream: `transformer-plus-plus.${i}`,
    }),
    names: Object.fromEntries(WEIGHTS.map((name) => [name, `layers.${i}.${name}`])),
  }));
  const norm = new RmsNorm({ embeddingDim, seed, stream: 'transformer-plus-plus.final' });
  return createEncoder({
    config,
    seed,
    features,
    items,
    input: tokenInput({ config }),
    stack,
    context: (batch) => {
      const { cosine, sine } = rotationsOf(batch, numHeads, headDim ?? embeddingDim / numHeads);
      return [cosine, sine];
    },
    final: [{ layer: norm, names: { weight: 'final_norm.weight' } }],
  });
}
