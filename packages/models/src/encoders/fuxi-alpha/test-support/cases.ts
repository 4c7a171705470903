import { type EncoderCases, matrixSizes, overfitSizes } from '../../../test-support/encoder-case.ts';
import {
  blocks,
  D,
  documentedSizes,
  items,
  normal,
  positions,
  prefixed,
  temperature,
  truncated,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from '../../../test-support/initial.ts';
import { fuxiAlphaFormula } from './formula.ts';

const tiny = {
  kind: 'fuxi-alpha',
  embeddingDim: 8,
  maxSequenceLength: 6,
  numBlocks: 2,
  numHeads: 2,
  dqk: 3,
  dv: 5,
} as const;
const documented = {
  kind: 'fuxi-alpha',
  ...documentedSizes,
  numHeads: 2,
  dqk: 24,
  dv: 20,
  numTimeBuckets: 999,
} as const;
const learner = { kind: 'fuxi-alpha', ...overfitSizes, numHeads: 2, dqk: 16, dv: 16, linearDropout: 0 } as const;

export const fuxiAlphaCases: EncoderCases = {
  formula: fuxiAlphaFormula,
  tiny: { 'fuxi-alpha': tiny, 'fuxi-alpha-positions': { ...tiny, channels: 'position', multistage: false } },
  overfit: { 'fuxi-alpha': learner, 'fuxi-alpha-times': { ...learner, channels: 'position-time' } },
  matrix: { kind: 'fuxi-alpha', ...matrixSizes, numHeads: 1, dqk: 16, dv: 16, linearDropout: 0 },
  initial: {
    'fuxi-alpha': {
      config: { ...documented, ffnDim: 48 },
      initial: {
        ...items,
        ...positions(xavierNormal(411, D)),
        ...blocks((i) =>
          prefixed(`_fuxi._attention_layers.${i}.`, {
            _uvqk: normal(0.02),
            '_rel_attn_bias._ts_w': normal(0.02),
            '_rel_attn_bias._pos_w': normal(0.02),
            '_mffn.lin0.weight': xavierUniform(120, D),
            '_mffn.lin0.bias': uniform(1 / Math.sqrt(120)),
            '_mffn.lin1.weight': xavierUniform(D, 48),
            '_mffn.lin2.weight': xavierUniform(48, D),
            '_mffn.lin3.weight': xavierUniform(D, 48),
          }),
        ),
        ...temperature,
      },
    },
    'fuxi-alpha, small at first': {
      config: { ...documented, ffnDim: 48, initialStd: 0.05 },
      initial: {
        ...prefixed('_embedding_module._item_emb.', { weight: truncated(0.05) }),
        ...positions(truncated(0.05)),
        ...blocks((i) =>
          prefixed(`_fuxi._attention_layers.${i}.`, {
            _uvqk: normal(0.02),
            '_rel_attn_bias._ts_w': normal(0.02),
            '_rel_attn_bias._pos_w': normal(0.02),
            '_mffn.lin0.weight': normal(0.05),
            '_mffn.lin0.bias': zeros,
            '_mffn.lin1.weight': normal(0.05),
            '_mffn.lin2.weight': normal(0.05),
            '_mffn.lin3.weight': normal(0.05),
          }),
        ),
        ...temperature,
      },
    },
  },
};
