import { type EncoderCases, matrixSizes, overfitSizes } from '../../../test-support/encoder-case.ts';
import { D, map, normal, prefixed } from '../../../test-support/initial.ts';
import { dssmFormula } from './formula.ts';

export const dssmCases: EncoderCases = {
  formula: dssmFormula,
  tiny: {
    dssm: {
      kind: 'dssm',
      userId: false,
      history: true,
      embeddingDim: 8,
      maxSequenceLength: 6,
      maxHistory: 4,
      queryHiddenSizes: [12],
      itemHiddenSizes: [10],
      outputDim: 8,
      dropout: 0.2,
      similarity: 'cosine',
      embeddingStd: 0.5,
    },
  },
  overfit: {
    dssm: {
      kind: 'dssm',
      userId: false,
      history: true,
      embeddingDim: 32,
      maxSequenceLength: overfitSizes.maxSequenceLength,
      similarity: 'cosine',
      embeddingStd: 0.3,
    },
  },
  matrix: {
    kind: 'dssm',
    userId: false,
    history: true,
    embeddingDim: 32,
    maxSequenceLength: matrixSizes.maxSequenceLength,
    queryHiddenSizes: [64],
    itemHiddenSizes: [64],
    similarity: 'cosine',
    embeddingStd: 1,
  },
  initial: {
    dssm: {
      config: {
        kind: 'dssm',
        userId: false,
        history: true,
        embeddingDim: D,
        queryHiddenSizes: [48],
        itemHiddenSizes: [40],
        outputDim: 24,
      },
      initial: {
        'item.fields.item.weight': normal(1e-4),
        ...prefixed('query.tower.', { ...prefixed('0.', map(D, 48)), ...prefixed('1.', map(48, 24)) }),
        ...prefixed('item.tower.', { ...prefixed('0.', map(D, 40)), ...prefixed('1.', map(40, 24)) }),
      },
    },
  },
};
