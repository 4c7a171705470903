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
import { plainPinnerformer } from './plain.ts';

export const pinnerformerFormula: FormulaCase = {
  configs: joined(
    heads.map(({ numHeads, embeddingDim }) => ({ numHeads, modelDim: embeddingDim })),
    fc.record({ ...sizes, embeddingDim: upTo(5, 2), blockDropout: fc.constant(0) }),
    keys({ ...optional, ffnDim: upTo(9), itemDim: upTo(5), itemHiddenDim: upTo(6), actionDim: upTo(4) }),
    keys({ time: fc.boolean(), duration: oneOf('none', 'rating') }),
    oneOf<object>(
      {},
      { actions: 'none' },
      { actions: 'rating' },
      { actions: 'buckets', actionBounds: [1] },
      { actions: 'buckets', actionBounds: [0.5, 2, 4.5] },
    ),
  ),
  plain: plainPinnerformer,
};
