import { createEncoder } from '../../encoder.ts';
import { ItemEmbedding } from '../../layers/embeddings.ts';
import { Mlp } from '../../layers/projection.ts';
import type { ModelOptions, TokenEncoder } from '../../model.ts';
import { AffineLayerNorm, TransformerBlock } from '../transformer/block.ts';
import { transformerBlockWeights } from '../transformer/stack.ts';
import type { PinnerformerConfig } from './config.ts';
import { itemScale, itemWidth, pinnerformerInput } from './input.ts';

const MLP = ['0.weight', '0.bias', '2.weight', '2.bias'];

/**
 * PinnerFormer: event features with encoded times, a pre-norm causal Transformer, an output network over every
 * position and one over the items, both L2-normalised, and a learned temperature.
 *
 * Source: Pancha et al. 2022, section 3 and appendix A (arXiv:2205.04507).
 */
export function createPinnerformer(
  config: PinnerformerConfig,
  { numItems, seed = 0, features }: ModelOptions,
): TokenEncoder {
  const { embeddingDim, modelDim, numHeads, blockDropout: dropout } = config;
  const ffnDim = config.ffnDim ?? 4 * modelDim;
  const itemDim = itemWidth(config);
  const trainable = !config.freezeItems;
  const items = new ItemEmbedding({ numItems, embeddingDim: itemDim, trainable, seed, stream: 'items' });
  const stack = Array.from({ length: config.numBlocks }, (_, i) => ({
    layer: new TransformerBlock({
      embeddingDim: modelDim,
      numHeads,
      ffnDim,
      dropout,
      seed,
      stream: `pinnerformer.${i}`,
    }),
    names: Object.fromEntries(transformerBlockWeights.map((name) => [name, `layers.${i}.${name}`])),
  }));
  const norm = new AffineLayerNorm({ embeddingDim: modelDim, seed, stream: 'pinnerformer.norm' });
  const output = new Mlp({
    inputDim: modelDim,
    hiddenDim: ffnDim,
    outputDim: embeddingDim,
    seed,
    stream: 'pinnerformer.output',
  });
  const tower = new Mlp({
    inputDim: itemDim,
    hiddenDim: config.itemHiddenDim ?? 2 * embeddingDim,
    outputDim: embeddingDim,
    seed,
    stream: 'pinnerformer.tower',
  });
  return createEncoder({
    config,
    seed,
    features,
    tokenDim: modelDim,
    items,
    input: pinnerformerInput(config, seed),
    stack,
    final: [
      { layer: norm, names: { 'norm.weight': 'output.norm.weight', 'norm.bias': 'output.norm.bias' } },
      { layer: output, names: Object.fromEntries(MLP.map((name) => [name, `output.${name}`])) },
    ],
    itemTower: {
      layer: tower,
      names: Object.fromEntries(MLP.map((name) => [name, `item_tower.${name}`])),
      inputScale: itemScale(config),
    },
  });
}
