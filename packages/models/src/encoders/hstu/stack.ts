import * as tf from '@tensorflow/tfjs-core';
import { createEncoder } from '../../encoder.ts';
import type { TokenBatch } from '../../inputs.ts';
import { NUM_KNOWN_ACTIONS } from '../../layers/actions.ts';
import { ItemEmbedding } from '../../layers/embeddings.ts';
import type { NamedLayer } from '../../layers/layer.ts';
import { Mlp } from '../../layers/projection.ts';
import { rotationsOf } from '../../layers/rotary.ts';
import { smallStart } from '../../layers/small-start.ts';
import type { ModelOptions, TokenEncoder } from '../../model.ts';
import { type HstuSwitches, withSwitches } from './blocks.ts';
import type { HstuConfig } from './config.ts';
import { hstuInput } from './input.ts';
import { HstuLayer } from './layer.ts';
import { numVisibleKeys } from './mask.ts';

/**
 * HSTU: item vectors with places, and actions where asked for, `numBlocks` of {@link HstuLayer}, L2-normalised
 * output, no final norm. With interleaved actions a network `D -> D -> 10` over the contents predicts them.
 *
 * Source: Zhai et al. 2024 (arXiv:2402.17152); names, sizes and initial values of the published code.
 */
export function createHstu(given: HstuConfig, { numItems, seed = 0, features }: ModelOptions): TokenEncoder {
  const config = withSwitches(given);
  const { embeddingDim, maxSequenceLength, outputLength, actions, initialStd } = config;
  const paddedLength = (actions === 'interleave' ? 2 : 1) * maxSequenceLength + outputLength;
  const stack = Array.from({ length: config.numBlocks }, (_, i) => ({
    layer: new HstuLayer({ ...config, paddedLength, seed, stream: `hstu.${i}` }),
    names: weightNames(config, `_hstu._attention_layers.${i}`),
  }));
  const { table } = smallStart(initialStd);
  return createEncoder({
    config: given,
    seed,
    features,
    items: new ItemEmbedding({ numItems, embeddingDim, initialization: table, seed, stream: 'items' }),
    input: hstuInput({ config: { ...given, inputEncoding: config.inputEncoding }, paddedLength, seed }),
    stack,
    context: (tokens) => contextOf(config, tokens),
    ...(actions === 'interleave' ? { actionHead: actionHead(embeddingDim, seed) } : {}),
  });
}

/** The published code's names of the weights that a layer has under these switches, in its order. */
function weightNames(switches: HstuSwitches, prefix: string): Record<string, string> {
  const { affineNorms, outputNorm, projectionBias, relativeBias, outputBias } = switches;
  const norm = (name: string, bias: boolean): Record<string, string> =>
    affineNorms
      ? {
          [`${name}.weight`]: `${prefix}._${name}_weight`,
          ...(bias && { [`${name}.bias`]: `${prefix}._${name}_bias` }),
        }
      : {};
  return {
    ...norm('input_norm', true),
    uvqk: `${prefix}._uvqk`,
    ...(projectionBias ? { 'uvqk.bias': `${prefix}._uvqk_beta` } : {}),
    ...(relativeBias === 'position-time' ? { ts_w: `${prefix}._rel_attn_bias._ts_w` } : {}),
    ...(relativeBias === 'none' || relativeBias === 'rotary' ? {} : { pos_w: `${prefix}._rel_attn_bias._pos_w` }),
    ...norm('output_norm', outputNorm !== 'rms'),
    'o.weight': `${prefix}._o.weight`,
    ...(outputBias ? { 'o.bias': `${prefix}._o.bias` } : {}),
  };
}

function actionHead(embeddingDim: number, seed: number): NamedLayer {
  const sizes = { inputDim: embeddingDim, hiddenDim: embeddingDim, outputDim: NUM_KNOWN_ACTIONS };
  const names = ['0.weight', '0.bias', '2.weight', '2.bias'];
  return {
    layer: new Mlp({ ...sizes, seed, stream: 'actions.head' }),
    names: Object.fromEntries(names.map((name) => [name, `action_head.${name}`])),
  };
}

/** What the layers read besides tokens and offsets, in the order that {@link HstuLayer} documents. */
function contextOf(config: Omit<HstuConfig, keyof HstuSwitches> & HstuSwitches, tokens: TokenBatch): tf.Tensor[] {
  const { relativeBias, normalizer, numHeads, dqk } = config;
  const inputs: tf.Tensor[] = [];
  if (relativeBias === 'position-time') inputs.push(tokens.queryTimes, tokens.keyTimes);
  if (relativeBias === 'rotary') {
    const { cosine, sine } = rotationsOf(tokens, numHeads, dqk);
    inputs.push(cosine, sine);
  }
  if (normalizer === 'seen') {
    const { hostOffsets: offsets, hostPositions } = tokens;
    const seen = new Float32Array(tokens.numTokens);
    for (let b = 0; b + 1 < offsets.length; b++) {
      const length = hostPositions[offsets[b + 1] - 1] + 1;
      for (let t = offsets[b]; t < offsets[b + 1]; t++) seen[t] = numVisibleKeys(config, length, hostPositions[t]);
    }
    inputs.push(tf.tensor2d(seen, [tokens.numTokens, 1]));
  }
  return inputs;
}
