import { type EncoderCases, matrixSizes, overfitSizes } from '../../../test-support/encoder-case.ts';
import {
  blocks,
  D,
  documentedSizes,
  items,
  ones,
  prefixed,
  temperature,
  xavierNormal,
} from '../../../test-support/initial.ts';
import { transformerPlusPlusFormula } from './formula.ts';

export const transformerPlusPlusCases: EncoderCases = {
  formula: transformerPlusPlusFormula,
  tiny: {
    'transformer-plus-plus': {
      kind: 'transformer-plus-plus',
      embeddingDim: 8,
      maxSequenceLength: 6,
      numBlocks: 1,
      numHeads: 2,
    },
  },
  overfit: {
    'transformer-plus-plus': { kind: 'transformer-plus-plus', ...overfitSizes, numHeads: 2, blockDropout: 0 },
  },
  matrix: { kind: 'transformer-plus-plus', ...matrixSizes, numHeads: 1, blockDropout: 0 },
  initial: {
    'transformer-plus-plus': {
      config: { kind: 'transformer-plus-plus', ...documentedSizes, numHeads: 2 },
      initial: {
        ...items,
        ...blocks((i) =>
          prefixed(`layers.${i}.`, {
            'norm1.weight': ones,
            'attention.wqkv': xavierNormal(D, 3 * D),
            'attention.wo': xavierNormal(D, D),
            'norm2.weight': ones,
            'ffn.w13': xavierNormal(D, 2 * 88),
            'ffn.w2': xavierNormal(88, D),
          }),
        ),
        'final_norm.weight': ones,
        ...temperature,
      },
    },
  },
};
