import { type EncoderCases, matrixSizes, overfitSizes } from '../../../test-support/encoder-case.ts';
import {
  blocks,
  D,
  documentedSizes,
  items,
  norm,
  positions,
  prefixed,
  temperature,
  transformerBlock,
  truncated,
} from '../../../test-support/initial.ts';
import { transformerFormula } from './formula.ts';

export const transformerCases: EncoderCases = {
  formula: transformerFormula,
  tiny: { transformer: { kind: 'transformer', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1, numHeads: 2 } },
  overfit: { transformer: { kind: 'transformer', ...overfitSizes, numHeads: 2, blockDropout: 0 } },
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
  },
};
