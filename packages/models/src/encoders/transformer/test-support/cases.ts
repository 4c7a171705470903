import { type EncoderCases, matrixSizes, overfitSizes } from '../../../test-support/encoder-case.ts';
import {
  blocks,
  D,
  documentedSizes,
  items,
  map,
  norm,
  normal,
  positions,
  prefixed,
  temperature,
  transformerBlock,
  truncated,
  xavierNormal,
  xavierUniform,
  zeros,
} from '../../../test-support/initial.ts';
import { transformerFormula } from './formula.ts';

const small = { weight: normal(0.05), bias: zeros };

export const transformerCases: EncoderCases = {
  formula: transformerFormula,
  tiny: {
    transformer: { kind: 'transformer', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 2 },
    ligr: { kind: 'transformer', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 2, block: 'ligr' },
  },
  overfit: {
    transformer: { kind: 'transformer', ...overfitSizes, numHeads: 2, blockDropout: 0 },
    ligr: { kind: 'transformer', ...overfitSizes, numHeads: 2, blockDropout: 0, block: 'ligr' },
  },
  matrix: { kind: 'transformer', ...matrixSizes, numHeads: 1, blockDropout: 0 },
  initial: {
    transformer: {
      config: { kind: 'transformer', ...documentedSizes, numHeads: 2 },
      initial: {
        ...items,
        ...positions(truncated(Math.sqrt(1 / D))),
        ...blocks((i) => prefixed(`layers.${i}.`, transformerBlock(D, 4 * D))),
        ...prefixed('final_norm.', norm),
        ...temperature,
      },
    },
    'transformer as in RecTools': {
      config: { kind: 'transformer', ...documentedSizes, numHeads: 2, initialStd: 'xavier' },
      initial: {
        ...prefixed('_embedding_module._item_emb.', { weight: xavierNormal(301, D) }),
        ...positions(xavierNormal(411, D)),
        ...blocks((i) => prefixed(`layers.${i}.`, transformerBlock(D, 4 * D))),
        ...prefixed('final_norm.', norm),
        ...temperature,
      },
    },
    ligr: {
      config: { kind: 'transformer', ...documentedSizes, numHeads: 2, block: 'ligr' },
      initial: {
        ...items,
        ...positions(truncated(Math.sqrt(1 / D))),
        ...blocks((i) =>
          prefixed(`layers.${i}.`, {
            ...prefixed('norm1.', norm),
            in_proj_weight: xavierNormal(D, 3 * D),
            in_proj_bias: zeros,
            ...prefixed('out_proj.', map(D, D)),
            ...prefixed('norm2.', norm),
            'ffn.0.weight': xavierNormal(D, 8 * D),
            'ffn.2.weight': xavierNormal(4 * D, D),
            ...prefixed('gate1.', map(D, D)),
            ...prefixed('gate2.', map(D, D)),
          }),
        ),
        ...temperature,
      },
    },
    'ligr, small at first': {
      config: { kind: 'transformer', ...documentedSizes, numHeads: 2, block: 'ligr', ffnBias: true, initialStd: 0.05 },
      initial: {
        ...prefixed('_embedding_module._item_emb.', { weight: truncated(0.05) }),
        ...positions(truncated(0.05)),
        ...blocks((i) =>
          prefixed(`layers.${i}.`, {
            ...prefixed('norm1.', norm),
            in_proj_weight: xavierUniform(D, 3 * D),
            in_proj_bias: zeros,
            ...prefixed('out_proj.', small),
            ...prefixed('norm2.', norm),
            ...prefixed('ffn.0.', small),
            ...prefixed('ffn.2.', small),
            ...prefixed('gate1.', small),
            ...prefixed('gate2.', small),
          }),
        ),
        ...temperature,
      },
    },
  },
};
