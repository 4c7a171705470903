import { type EncoderCases, matrixSizes, overfitSizes } from '../../../test-support/encoder-case.ts';
import {
  blocks,
  D,
  documentedSizes,
  items,
  map,
  positions,
  prefixed,
  temperature,
  truncated,
  uniform,
  xavierNormal,
  zeros,
} from '../../../test-support/initial.ts';
import { sasrecFormula } from './formula.ts';

export const sasrecCases: EncoderCases = {
  formula: sasrecFormula,
  tiny: { sasrec: { kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 2, numHeads: 2, ffnDim: 12 } },
  overfit: { sasrec: { kind: 'sasrec', ...overfitSizes, numHeads: 2, ffnDim: 64, ffnDropout: 0 } },
  matrix: { kind: 'sasrec', ...matrixSizes, numHeads: 1, ffnDim: 32, ffnDropout: 0 },
  initial: {
    sasrec: {
      config: { kind: 'sasrec', ...documentedSizes, numHeads: 2, ffnDim: 48 },
      initial: {
        ...items,
        ...positions(truncated(Math.sqrt(1 / D))),
        ...blocks((i) =>
          prefixed(`attention_layers.${i}.`, {
            in_proj_weight: xavierNormal(D, 3 * D),
            in_proj_bias: zeros,
            ...prefixed('out_proj.', map(D, D)),
          }),
        ),
        ...blocks((i) =>
          prefixed(`forward_layers.${i}._conv1d.`, {
            '0.weight': xavierNormal(D, 48),
            '0.bias': uniform(1 / Math.sqrt(D)),
            '3.weight': xavierNormal(48, D),
            '3.bias': uniform(1 / Math.sqrt(48)),
          }),
        ),
        ...temperature,
      },
    },
  },
};
