import { createEncoder } from '../../encoder.ts';
import { filledIn } from '../../filled-in.ts';
import { ItemEmbedding, LearnedPositions } from '../../layers/embeddings.ts';
import { smallStart } from '../../layers/small-start.ts';
import { tokenInput } from '../../layers/token-input.ts';
import type { ModelOptions, TokenEncoder } from '../../model.ts';
import { AffineLayerNorm, TransformerBlock } from './block.ts';
import { transformerSwitches } from './blocks.ts';
import type { TransformerConfig } from './config.ts';

const ATTENTION = ['in_proj_weight', 'in_proj_bias', 'out_proj.weight', 'out_proj.bias'];
const NORMS = ['norm1.weight', 'norm1.bias', 'norm2.weight', 'norm2.bias'];
const FEED_FORWARD = ['ffn.0.weight', 'ffn.0.bias', 'ffn.2.weight', 'ffn.2.bias'];
const GATES = ['gate1.weight', 'gate1.bias', 'gate2.weight', 'gate2.bias'];

/** Names of the weights of a {@link TransformerBlock}. */
export const transformerBlockWeights: readonly string[] = [...NORMS, ...ATTENTION, ...FEED_FORWARD];

/**
 * A plain softmax Transformer between the same input and output as HSTU: the baseline of the streaming experiment
 * (Zhai et al. 2024, table 2). Pre-norm blocks with a feed-forward part of `4 D`, and a final layer norm. With
 * `block: 'ligr'` the model of eSASRec, see {@link transformerSwitches}; with `attention: 'bidirectional'` that of
 * BERT4Rec, see {@link filledIn}.
 */
export function createTransformer(
  config: TransformerConfig,
  { numItems, seed = 0, features }: ModelOptions,
): TokenEncoder {
  const { embeddingDim, numHeads, blockDropout: dropout, initialStd } = config;
  const { finalNorm, ...switches } = transformerSwitches(config);
  const ffnDim = config.ffnDim ?? 4 * embeddingDim;
  const isBidirectional = config.attention === 'bidirectional';
  const stack = Array.from({ length: config.numBlocks }, (_, i) => {
    const sizes = { embeddingDim, numHeads, ffnDim, dropout, initialStd };
    const sees = isBidirectional ? { sees: 'all' as const } : {};
    const layer = new TransformerBlock({ ...sizes, ...switches, ...sees, seed, stream: `transformer.${i}` });
    const own = new Set(layer.names);
    const names = [...transformerBlockWeights, ...GATES].filter((name) => own.has(name));
    return { layer, names: Object.fromEntries(names.map((name) => [name, `layers.${i}.${name}`])) };
  });
  const { table } = smallStart(initialStd);
  const items = new ItemEmbedding({ numItems, embeddingDim, initialization: table, seed, stream: 'items' });
  const positions = new LearnedPositions({
    numPositions: config.maxSequenceLength + config.outputLength,
    embeddingDim,
    initialization: table ?? { kind: 'truncated-normal', standardDeviation: Math.sqrt(1 / embeddingDim) },
    seed,
    stream: 'positions',
  });
  const encoder = createEncoder({
    config,
    seed,
    features,
    items,
    input: tokenInput({ config, positions }),
    stack,
    final: finalNorm
      ? [
          {
            layer: new AffineLayerNorm({ embeddingDim, seed, stream: 'transformer.final' }),
            names: { 'norm.weight': 'final_norm.weight', 'norm.bias': 'final_norm.bias' },
          },
        ]
      : [],
  });
  return isBidirectional ? filledIn(encoder) : encoder;
}
