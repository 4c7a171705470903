import fc from 'fast-check';
import { type FormulaCase, joined, keys, upTo } from '../../../test-support/arbitraries.ts';
import { plainDssm } from './plain.ts';

export const dssmFormula: FormulaCase = {
  configs: joined(
    fc.record({
      userId: fc.constant(false),
      history: fc.constant(true),
      similarity: fc.constant('cosine'),
      maxSequenceLength: upTo(7, 2),
      embeddingDim: upTo(6, 2),
      outputDim: upTo(6, 2),
      // Of a few units all can be off for a query, which then says nothing.
      queryHiddenSizes: fc.array(upTo(20, 12), { minLength: 1, maxLength: 2 }),
      itemHiddenSizes: fc.array(upTo(20, 12), { minLength: 1, maxLength: 2 }),
    }),
    keys({ maxHistory: upTo(8) }),
  ),
  plain: plainDssm,
};
