import fc from 'fast-check';
import {
  type FormulaCase,
  heads,
  joined,
  keys,
  oneOf,
  optional,
  sizes,
  upTo,
} from '../../../test-support/arbitraries.ts';
import { plainSasrec } from './plain.ts';

export const sasrecFormula: FormulaCase = {
  configs: joined(
    heads,
    fc.record({ ...sizes, ffnDim: upTo(9), ffnDropout: fc.constant(0) }),
    keys({
      ...optional,
      similarity: oneOf('cosine', 'dot'),
      outputLength: upTo(5),
      positionsFrom: oneOf('oldest', 'newest'),
      inputScale: oneOf('sqrt-dim', 'one'),
      activation: oneOf('relu', 'gelu'),
      finalNorm: fc.boolean(),
      affineNorms: fc.boolean(),
      seesPadding: fc.boolean(),
      initialStd: oneOf<number | string>(0.02, 0.5, 'xavier'),
    }),
  ),
  plain: plainSasrec,
  norms: [[{ ffnDim: 6, ffnDropout: 0 }, 1e-4]],
};
