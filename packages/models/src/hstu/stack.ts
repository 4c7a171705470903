import * as tf from '@tensorflow/tfjs-core';
import { createEncoder } from '../encoder.ts';
import type { EncoderBatch } from '../inputs.ts';
import { ItemEmbedding, LearnedPositions } from '../layers/embeddings.ts';
import { rotationsOf } from '../layers/rotary.ts';
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
        ...(relativeBias === 'none' || relativeBias === 'rotary' ? {} : { pos_w: `${prefix}._rel_attn_bias._pos_w` }),
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
    context: (batch) => contextOf(config, batch),
  });
}

/** What the layers read besides tokens and offsets, in the order that {@link HstuLayer} documents. */
function contextOf(config: HstuConfig, batch: EncoderBatch): tf.Tensor[] {
  const { relativeBias, normalizer, numHeads, dqk, maxAttentionLength, minFullAttentionLength } = config;
  const inputs: tf.Tensor[] = [];
  if (relativeBias === 'position-time') inputs.push(batch.queryTimes, batch.keyTimes);
  if (relativeBias === 'rotary') {
    const { cosine, sine } = rotationsOf(batch, numHeads, dqk);
    inputs.push(cosine, sine);
  }
  if (normalizer === 'seen') {
    const { offsets } = batch.host;
    const seen = new Float32Array(batch.numTokens);
    for (let b = 0; b + 1 < offsets.length; b++) {
      for (let t = offsets[b]; t < offsets[b + 1]; t++) {
        const full = offsets[b + 1] - t <= (minFullAttentionLength ?? 0);
        const reach = maxAttentionLength === undefined || full ? Number.POSITIVE_INFINITY : maxAttentionLength + 1;
        seen[t] = Math.min(t - offsets[b] + 1, reach);
      }
    }
    inputs.push(tf.tensor2d(seen, [batch.numTokens, 1]));
  }
  return inputs;
}
