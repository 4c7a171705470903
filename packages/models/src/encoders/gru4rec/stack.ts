import { createEncoder } from '../../encoder.ts';
import { ItemEmbedding } from '../../layers/embeddings.ts';
import { Projection } from '../../layers/projection.ts';
import { tokenInput } from '../../layers/token-input.ts';
import type { ModelOptions, TokenEncoder } from '../../model.ts';
import type { Gru4recConfig } from './config.ts';
import { GruLayer } from './layer.ts';

const WEIGHTS = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'];

/**
 * GRU4Rec: item embeddings, `numBlocks` gated recurrent layers, a linear map back to `embeddingDim` unless
 * `outputProjection` is false, L2-normalised output. The baseline without attention.
 *
 * Source: Hidasi et al. 2016 (arXiv:1511.06939). Differs from the paper in: whole histories instead of session-parallel
 * batches, the objectives of this package instead of TOP1 and BPR, item vectors shared by input and output.
 */
export function createGru4rec(config: Gru4recConfig, { numItems, seed = 0, features }: ModelOptions): TokenEncoder {
  const { embeddingDim, numBlocks, blockDropout: dropout } = config;
  const hiddenDim = config.hiddenDim ?? embeddingDim;
  const items = new ItemEmbedding({ numItems, embeddingDim, seed, stream: 'items' });
  const stack = Array.from({ length: numBlocks }, (_, i) => ({
    layer: new GruLayer({
      inputDim: i === 0 ? embeddingDim : hiddenDim,
      hiddenDim,
      dropout,
      seed,
      stream: `gru4rec.${i}`,
    }),
    names: Object.fromEntries(WEIGHTS.map((name) => [name, `gru.${name}_l${i}`])),
  }));
  const final =
    config.outputProjection === false
      ? []
      : [
          {
            layer: new Projection({ inputDim: hiddenDim, outputDim: embeddingDim, seed, stream: 'gru4rec.dense' }),
            names: { weight: 'dense.weight', bias: 'dense.bias' },
          },
        ];
  return createEncoder({
    config,
    seed,
    features,
    items,
    input: tokenInput({ config }),
    stack,
    final,
  });
}
