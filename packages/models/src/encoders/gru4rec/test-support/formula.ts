import fc from 'fast-check';
import { type FormulaCase, joined, keys, oneOf, optional, sizes, upTo } from '../../../test-support/arbitraries.ts';
import { plainGru4rec } from './plain.ts';

export const gru4recFormula: FormulaCase = {
  configs: joined(
    fc.record({ ...sizes, embeddingDim: upTo(6, 2), blockDropout: fc.constant(0) }),
    keys({
      ...optional,
      similarity: oneOf('cosine', 'dot'),
      inputScale: oneOf('sqrt-dim', 'one'),
      hiddenDim: upTo(7),
      outputProjection: fc.boolean(),
    }),
  ),
  plain: plainGru4rec,
};
