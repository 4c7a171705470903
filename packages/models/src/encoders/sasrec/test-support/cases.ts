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
  truncated,
  uniform,
  xavierNormal,
  xavierUniform,
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
    'sasrec as in "Time to Split"': {
      config: { kind: 'sasrec', ...documentedSizes, numHeads: 2, ffnDim: 48, affineNorms: true, initialStd: 0.05 },
      initial: {
        ...prefixed('_embedding_module._item_emb.', { weight: truncated(0.05) }),
        ...positions(truncated(0.05)),
        ...blocks((i) => ({
          ...prefixed(`attention_layers.${i}.`, {
            in_proj_weight: xavierUniform(D, 3 * D),
            in_proj_bias: zeros,
            'out_proj.weight': normal(0.05),
            'out_proj.bias': zeros,
          }),
          ...prefixed(`forward_layers.${i}._conv1d.`, {
            '0.weight': normal(0.05),
            '0.bias': zeros,
            '3.weight': normal(0.05),
            '3.bias': zeros,
          }),
          ...prefixed(`attention_layernorms.${i}.`, norm),
          ...prefixed(`forward_layernorms.${i}.`, norm),
        })),
        ...temperature,
      },
    },
    'sasrec as in RecTools': {
      config: { kind: 'sasrec', ...documentedSizes, numHeads: 2, ffnDim: 48, initialStd: 'xavier' },
      initial: {
        ...prefixed('_embedding_module._item_emb.', { weight: xavierNormal(301, D) }),
        ...positions(xavierNormal(411, D)),
        ...blocks((i) => ({
          ...prefixed(`attention_layers.${i}.`, {
            in_proj_weight: xavierNormal(D, 3 * D),
            in_proj_bias: zeros,
            ...prefixed('out_proj.', map(D, D)),
          }),
          ...prefixed(`forward_layers.${i}._conv1d.`, {
            '0.weight': xavierNormal(D, 48),
            '0.bias': uniform(1 / Math.sqrt(D)),
            '3.weight': xavierNormal(48, D),
            '3.bias': uniform(1 / Math.sqrt(48)),
          }),
        })),
        ...temperature,
      },
    },
  },
};
