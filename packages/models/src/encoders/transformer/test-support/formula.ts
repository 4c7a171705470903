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
import { plainTransformer } from './plain.ts';

export const transformerFormula: FormulaCase = {
  configs: joined(
    heads,
    fc.record({ ...sizes, blockDropout: fc.constant(0) }),
    keys({
      ...optional,
      similarity: oneOf('cosine', 'dot'),
      outputLength: upTo(5),
      positionsFrom: oneOf('oldest', 'newest'),
      inputScale: oneOf('sqrt-dim', 'one'),
      ffnDim: upTo(9),
      block: oneOf('pre-norm', 'ligr'),
    }),
    keys({
      activation: oneOf('relu', 'gelu', 'swiglu'),
      gatedResidual: fc.boolean(),
      ffnBias: fc.boolean(),
      finalNorm: fc.boolean(),
      ffnDropout: fc.constant(0),
    }),
  ),
  plain: plainTransformer,
  norms: [[{ blockDropout: 0 }, 1e-3]],
  runs: 10,
};
