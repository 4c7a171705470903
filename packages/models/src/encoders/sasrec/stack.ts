import { createEncoder } from '../../encoder.ts';
import { ItemEmbedding, LearnedPositions } from '../../layers/embeddings.ts';
import { paddingKeys } from '../../layers/padding-keys.ts';
import { smallStart } from '../../layers/small-start.ts';
import { tokenInput } from '../../layers/token-input.ts';
import type { ModelOptions, TokenEncoder } from '../../model.ts';
import { AffineLayerNorm } from '../transformer/block.ts';
import { SasrecBlock } from './block.ts';
import type { SasrecConfig } from './config.ts';

/**
 * SASRec: item and position embeddings, `numBlocks` of {@link SasrecBlock} (and a norm with `finalNorm`), L2-normalised
 * output. No timestamps.
 *
 * Source: Kang & McAuley 2018 (arXiv:1808.09781), in the form of the research code of Zhai et al. 2024.
 */
export function createSasrec(config: SasrecConfig, { numItems, seed = 0, features }: ModelOptions): TokenEncoder {
  const { embeddingDim, initialStd } = config;
  const stack = Array.from({ length: config.numBlocks }, (_, i) => ({
    layer: new SasrecBlock({ ...config, seed, stream: `sasrec.${i}` }),
    names: {
      in_proj_weight: `attention_layers.${i}.in_proj_weight`,
      in_proj_bias: `attention_layers.${i}.in_proj_bias`,
      'out_proj.weight': `attention_layers.${i}.out_proj.weight`,
      'out_proj.bias': `attention_layers.${i}.out_proj.bias`,
      'conv1.weight': `forward_layers.${i}._conv1d.0.weight`,
      'conv1.bias': `forward_layers.${i}._conv1d.0.bias`,
      'conv2.weight': `forward_layers.${i}._conv1d.3.weight`,
      'conv2.bias': `forward_layers.${i}._conv1d.3.bias`,
      ...(config.affineNorms && {
        'attention_norm.weight': `attention_layernorms.${i}.weight`,
        'attention_norm.bias': `attention_layernorms.${i}.bias`,
        'forward_norm.weight': `forward_layernorms.${i}.weight`,
        'forward_norm.bias': `forward_layernorms.${i}.bias`,
      }),
    },
  }));
  const { table } = smallStart(initialStd);
  const items = new ItemEmbedding({ numItems, embeddingDim, initialization: table, seed, stream: 'items' });
  const positions = new LearnedPositions({
    numPositions: config.maxSequenceLength + config.outputLength,
    embeddingDim,
    initialization: table ?? { kind: 'truncated-normal', standardDeviation: Math.sqrt(1 / embeddingDim) },
    seed,
    stream: 'positions',
  });
  return createEncoder({
    config,
    seed,
    features,
    items,
    input: tokenInput({ config, positions }),
    stack,
    ...(config.seesPadding && {
      context: (tokens) => {
        const { keyRows, keyOffsets } = paddingKeys(tokens, config.maxSequenceLength);
        return [keyRows, keyOffsets];
      },
    }),
    ...(config.finalNorm && {
      final: [
        {
          layer: new AffineLayerNorm({ embeddingDim, epsilon: 1e-8, seed, stream: 'sasrec.final' }),
          names: { 'norm.weight': 'last_layernorm.weight', 'norm.bias': 'last_layernorm.bias' },
        },
      ],
    }),
    // A weight that the reference does not have goes last.
    nameGroups: [
      '_embedding_module.',
      '_input_features_preproc.',
      'features.',
      'attention_layers.',
      'forward_layers.',
      'attention_layernorms.',
      'forward_layernorms.',
      'last_layernorm.',
      'temperature.',
    ],
  });
}
