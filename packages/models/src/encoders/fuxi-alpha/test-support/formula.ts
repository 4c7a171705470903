import fc from 'fast-check';
import { type FormulaCase, joined, keys, oneOf, optional, sizes, upTo } from '../../../test-support/arbitraries.ts';
import { channelSets } from '../channels.ts';
import { plainFuxiAlpha } from './plain.ts';

export const fuxiAlphaFormula: FormulaCase = {
  configs: joined(
    fc.record({
      ...sizes,
      embeddingDim: upTo(6, 3),
      numHeads: upTo(2),
      dqk: upTo(4),
      dv: upTo(4),
      linearDropout: fc.constant(0),
    }),
    keys({
      ...optional,
      outputLength: upTo(5),
      positionsFrom: oneOf('oldest', 'newest'),
      inputScale: oneOf('sqrt-dim', 'one'),
      numTimeBuckets: oneOf(1, 6, 40),
      channels: oneOf(...channelSets),
      ffnDim: upTo(9),
      multistage: fc.boolean(),
    }),
  ),
  plain: plainFuxiAlpha,
  norms: [[{ dqk: 4, dv: 4, linearDropout: 0 }, 1e-3]],
  runs: 8,
};
