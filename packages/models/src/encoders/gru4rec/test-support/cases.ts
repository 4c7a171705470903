import { type EncoderCases, matrixSizes, overfitSizes } from '../../../test-support/encoder-case.ts';
import {
  blocks,
  D,
  documentedSizes,
  items,
  map,
  prefixed,
  temperature,
  uniform,
} from '../../../test-support/initial.ts';
import { gru4recFormula } from './formula.ts';

/** As in the code of "Time to Split". */
const bare = { kind: 'gru4rec', inputScale: 'one', outputProjection: false } as const;

export const gru4recCases: EncoderCases = {
  formula: gru4recFormula,
  tiny: {
    gru4rec: { kind: 'gru4rec', embeddingDim: 8, maxSequenceLength: 6, numBlocks: 2, hiddenDim: 12 },
    'gru4rec without its last map': { ...bare, embeddingDim: 8, maxSequenceLength: 6, numBlocks: 2 },
  },
  overfit: {
    gru4rec: { kind: 'gru4rec', ...overfitSizes, blockDropout: 0 },
    'gru4rec without its last map': { ...bare, ...overfitSizes, blockDropout: 0 },
  },
  matrix: { kind: 'gru4rec', ...matrixSizes, blockDropout: 0 },
  initial: {
    gru4rec: {
      config: { kind: 'gru4rec', ...documentedSizes, hiddenDim: 40 },
      initial: {
        ...items,
        ...blocks((i) =>
          Object.fromEntries(
            ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((name) => [
              `gru.${name}_l${i}`,
              uniform(1 / Math.sqrt(40)),
            ]),
          ),
        ),
        ...prefixed('dense.', map(40, D)),
        ...temperature,
      },
    },
  },
};
