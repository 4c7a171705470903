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
    keys({ ...optional, outputLength: upTo(5), ffnDim: upTo(9), activation: oneOf('relu', 'gelu') }),
  ),
  plain: plainTransformer,
  norms: [[{ blockDropout: 0 }, 1e-3]],
};
