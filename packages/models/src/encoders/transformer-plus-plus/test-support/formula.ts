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
import { plainTransformerPlusPlus } from './plain.ts';

export const transformerPlusPlusFormula: FormulaCase = {
  configs: joined(
    heads,
    fc.record({ ...sizes, blockDropout: fc.constant(0) }),
    keys({ ...optional, ffnDim: upTo(9), headDim: oneOf(2, 4, 6) }),
  ),
  plain: plainTransformerPlusPlus,
  norms: [[{ blockDropout: 0 }, 1e-3]],
};
