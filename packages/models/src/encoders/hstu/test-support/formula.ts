import fc from 'fast-check';
import { type FormulaCase, joined, keys, oneOf, optional, sizes, upTo } from '../../../test-support/arbitraries.ts';
import { plainHstu } from './plain.ts';

export const hstuFormula: FormulaCase = {
  configs: joined(
    fc.record({
      ...sizes,
      embeddingDim: upTo(6, 3),
      numHeads: upTo(2),
      dqk: upTo(4),
      dv: upTo(4, 3),
      linearDropout: fc.constant(0),
    }),
    keys({
      ...optional,
      outputLength: upTo(5),
      numTimeBuckets: oneOf(1, 6, 40),
      block: oneOf('research', 'production'),
    }),
    keys({
      relativeBias: oneOf('none', 'position', 'position-time', 'rotary'),
      attention: oneOf('silu', 'softmax'),
      normalizer: oneOf('padded', 'seen', 'none'),
      attentionScale: oneOf<string | number>('one', 'inverse-sqrt', 0.7),
      activation: oneOf('uvqk', 'u', 'none'),
      inputEncoding: oneOf('position', 'reverse-position-time'),
      actions: oneOf('none', 'sum', 'interleave'),
    }),
    keys({
      projectionBias: fc.boolean(),
      affineNorms: fc.boolean(),
      outputNorm: oneOf('layer', 'group', 'rms'),
      gate: fc.boolean(),
      concat: oneOf<boolean | string>(false, true, 'raw'),
      outputBias: fc.boolean(),
    }),
    keys({ ageBuckets: oneOf(3, 50), ageScale: oneOf('sqrt', 'log') }),
    keys({ maxAttentionLength: upTo(4), globalAttentionLength: upTo(3), minFullAttentionLength: upTo(3) }),
  ),
  plain: plainHstu,
  norms: [
    [{ dqk: 4, dv: 4, linearDropout: 0 }, 1e-3],
    [{ dqk: 4, dv: 4, linearDropout: 0, affineNorms: true }, 1e-3],
  ],
  runs: 14,
};
