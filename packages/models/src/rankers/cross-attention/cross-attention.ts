import * as tf from '@tensorflow/tfjs-core';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import { type ModuleOptions, type SequenceModule, type SequenceParts, sequenceNet } from '../sequence/net.ts';
import { TargetAttention } from '../sequence/target-attention.ts';
import type { CrossAttentionConfig } from './config.ts';

/** `v = W_o [softmax_j(q_h k_jh / sqrt(A / H)) v_jh]_h`; zeros without a history. */
export function crossAttentionModule(
  { attentionDim, numHeads }: CrossAttentionConfig,
  { width, seed }: ModuleOptions,
): SequenceModule {
  const attention = new TargetAttention({ inputDim: width, attentionDim, numHeads, seed, stream: 'attention' });
  return {
    layers: [attention],
    width,
    pool: ({ tokens, candidates, offsets }) =>
      tokens.shape[0] === 0 ? tf.zerosLike(candidates) : attention.packed(candidates, tokens, offsets),
  };
}

/** The net of {@link createCrossAttention}. */
export function crossAttentionNet(config: CrossAttentionConfig, options: NetOptions): RankerNet & SequenceParts {
  return sequenceNet(config, options, crossAttentionModule);
}

/**
 * The item that is judged asks the events of the history. See the README of this folder.
 *
 * @throws ConfigError as {@link createLr}; without a field of items.
 */
export function createCrossAttention(config: CrossAttentionConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, crossAttentionNet);
}
