import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainNumber } from './plain-number.ts';

const written = fc
  .tuple(fc.stringMatching(/^\d{1,15}$/), fc.option(fc.stringMatching(/^\d{1,8}$/), { nil: undefined }))
  .map(([whole, part]) => (part === undefined ? whole : `${whole}.${part}`))
  .filter((text) => text.replace('.', '').length <= 15);

it('is Number of digits with at most one point between them, bit for bit', () => {
  fc.assert(
    fc.property(written, (text) => {
      expect(plainNumber(text)).toBe(Number(text));
    }),
    { numRuns: 2000 },
  );
});

it.each(['', '.', '1.', '.5', '1.2.3', '-1', '+1', '1e3', ' 1', '1 ', '0x10', '1234567890123456', 'NaN', 'Infinity'])(
  'leaves %j to the general parser',
  (text) => {
    expect(plainNumber(text)).toBeNaN();
  },
);
