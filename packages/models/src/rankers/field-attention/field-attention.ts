import * as tf from '@tensorflow/tfjs-core';
import { affineNorm, affineNormSpecs } from '../../layers/affine-norm.ts';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { lastTokens, TokenMap } from '../../layers/token-map.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { type AttentionBlock, attentionBlock } from './block.ts';
import type { FieldAttentionConfig } from './config.ts';
import { type RowTokens, rowTokens } from './tokens.ts';

/** The layer norm after the last block of the form `pre`. */
class LastNorm extends StreamLayer {
  static className = 'SeqrecAttentionLastNorm';
  readonly width: number;

  constructor(args: LayerArgs & { readonly width: number }) {
    super(args);
    this.width = args.width;
  }

  protected weightSpecs(): WeightSpec[] {
    return affineNormSpecs('last', this.width);
  }

  forward(x: tf.Tensor3D): tf.Tensor3D {
    return affineNorm(x, this, 'last');
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), width: this.width };
  }
}
tf.serialization.registerClass(LastNorm);

interface FieldAttentionParts {
  readonly tokens: RowTokens;
  readonly blocks: readonly AttentionBlock[];
}

/** The net of {@link createFieldAttention}. */
export function fieldAttentionNet(config: FieldAttentionConfig, options: NetOptions): RankerNet & FieldAttentionParts {
  const { embeddingDim: width, blocks: count, pruned, norm, feedForwardDim = 4 * width } = config;
  const { labels, seed } = options;
  const tokens = rowTokens(config, options);
  const { form, heads, queryDim, valueDim, rank, valueRank, dropout } = config;
  const shared = { form, heads, queryDim, valueDim, feedForwardDim, norm, dropout, width, seed };
  const blocks = Array.from({ length: count }, (_, i) =>
    attentionBlock({
      ...shared,
      ...(rank !== undefined && { rank }),
      ...(valueRank !== undefined && { valueRank }),
      tokens: tokens.count,
      made: pruned && i === count - 1 ? labels : tokens.count,
      stream: `blocks.${i}`,
    }),
  );
  const last = norm === 'pre' ? new LastNorm({ width, seed, stream: 'norm' }) : undefined;
  // Each task has a head of its own on its token.
  const head = new TokenMap({
    form: 'own',
    tokens: labels,
    inputDim: width,
    outputDim: 1,
    bias: true,
    seed,
    stream: 'head',
  });
  return {
    tables: [tokens.tables],
    net: [...tokens.net, ...blocks.flatMap(({ layers }) => layers), ...(last ? [last] : []), head],
    tokens,
    blocks,
    logits: (columns, run) =>
      tf.tidy(() => {
        let x = tokens.make(columns, run);
        for (const block of blocks) x = block.forward(x, run);
        const tasks = lastTokens(x, labels);
        return tf.reshape(head.forward(last?.forward(tasks) ?? tasks), [tasks.shape[0], labels]);
      }),
  };
}

/**
 * Attention among the fields of a row: vanilla, HeteroAtt or Hiformer. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}, and for dense tokens without a column of numbers.
 */
export function createFieldAttention(config: FieldAttentionConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, fieldAttentionNet);
}
