import { type EncoderCases, matrixSizes, overfitSizes } from '../../../test-support/encoder-case.ts';
import {
  blocks,
  D,
  documentedSizes,
  items,
  network,
  normal,
  ones,
  positions,
  prefixed,
  temperature,
  truncated,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from '../../../test-support/initial.ts';
import { hstuFormula } from './formula.ts';

const learner = { kind: 'hstu', ...overfitSizes, numHeads: 2, dqk: 16, dv: 16, linearDropout: 0 } as const;
const hstu = { kind: 'hstu', ...documentedSizes, numHeads: 2, dqk: 24, dv: 20, numTimeBuckets: 999 } as const;
/** Of a layer of the production block: all but its output map. */
const production = {
  _input_norm_weight: ones,
  _input_norm_bias: zeros,
  _uvqk: xavierUniform(D, 176),
  _uvqk_beta: zeros,
  _output_norm_weight: ones,
  _output_norm_bias: zeros,
};
const hstuLayer = (i: number): string => `_hstu._attention_layers.${i}.`;

export const hstuCases: EncoderCases = {
  formula: hstuFormula,
  tiny: {
    hstu: { kind: 'hstu', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 2, numHeads: 2, dqk: 3, dv: 5 },
    'hstu-softmax': {
      kind: 'hstu',
      embeddingDim: 8,
      maxSequenceLength: 6,
      numBlocks: 1,
      numHeads: 2,
      dqk: 4,
      dv: 4,
      attention: 'softmax',
      relativeBias: 'none',
    },
    'hstu-production': {
      kind: 'hstu',
      embeddingDim: 8,
      maxSequenceLength: 6,
      numBlocks: 2,
      numHeads: 2,
      dqk: 3,
      dv: 5,
      block: 'production',
    },
    'hstu-actions': {
      kind: 'hstu',
      embeddingDim: 8,
      maxSequenceLength: 6,
      numBlocks: 1,
      numHeads: 2,
      dqk: 4,
      dv: 4,
      actions: 'interleave',
      maxAttentionLength: 3,
      globalAttentionLength: 2,
    },
  },
  overfit: {
    hstu: learner,
    'hstu-softmax': { ...learner, attention: 'softmax', relativeBias: 'none' },
    'hstu-production': { ...learner, block: 'production' },
    'hstu-actions': { ...learner, actions: 'interleave' },
  },
  matrix: { kind: 'hstu', ...matrixSizes, numHeads: 1, dqk: 16, dv: 16, linearDropout: 0 },
  initial: {
    hstu: {
      config: hstu,
      initial: {
        ...items,
        ...positions(xavierNormal(411, D)),
        ...blocks((i) =>
          prefixed(hstuLayer(i), {
            _uvqk: normal(0.02),
            '_rel_attn_bias._ts_w': normal(0.02),
            '_rel_attn_bias._pos_w': normal(0.02),
            '_o.weight': xavierUniform(40, D),
            '_o.bias': uniform(1 / Math.sqrt(40)),
          }),
        ),
        ...temperature,
      },
    },
    'hstu, production': {
      config: { ...hstu, block: 'production', ageBuckets: 300 },
      initial: {
        ...items,
        '_input_features_preproc._position_embeddings_weight': uniform(Math.sqrt(1 / 411)),
        '_input_features_preproc._timestamp_embeddings_weight': uniform(Math.sqrt(1 / 301)),
        ...blocks((i) =>
          prefixed(hstuLayer(i), {
            ...production,
            '_o.weight': xavierUniform(120, D),
          }),
        ),
        ...temperature,
      },
    },
    'hstu, small at first': {
      config: { ...hstu, initialStd: 0.05 },
      initial: {
        ...prefixed('_embedding_module._item_emb.', { weight: truncated(0.05) }),
        ...positions(truncated(0.05)),
        ...blocks((i) =>
          prefixed(hstuLayer(i), {
            _uvqk: normal(0.02),
            '_rel_attn_bias._ts_w': normal(0.02),
            '_rel_attn_bias._pos_w': normal(0.02),
            '_o.weight': normal(0.05),
            '_o.bias': zeros,
          }),
        ),
        ...temperature,
      },
    },
    'hstu, production, small at first': {
      config: { ...hstu, block: 'production', ageBuckets: 300, initialStd: 0.05 },
      initial: {
        ...prefixed('_embedding_module._item_emb.', { weight: truncated(0.05) }),
        '_input_features_preproc._position_embeddings_weight': truncated(0.05),
        '_input_features_preproc._timestamp_embeddings_weight': truncated(0.05),
        ...blocks((i) =>
          prefixed(hstuLayer(i), {
            ...production,
            '_o.weight': normal(0.05),
          }),
        ),
        ...temperature,
      },
    },
    'hstu, concatenated, actions interleaved': {
      config: { ...hstu, concat: true, actions: 'interleave', relativeBias: 'position' },
      initial: {
        ...items,
        ...positions(xavierNormal(811, D)),
        '_input_features_preproc._action_emb.weight': truncated(0.02),
        ...blocks((i) =>
          prefixed(hstuLayer(i), {
            _uvqk: normal(0.02),
            '_rel_attn_bias._pos_w': normal(0.02),
            '_o.weight': xavierUniform(120, D),
            '_o.bias': uniform(1 / Math.sqrt(120)),
          }),
        ),
        ...prefixed('action_head.', network(D, D, 10)),
        ...temperature,
      },
    },
  },
};
