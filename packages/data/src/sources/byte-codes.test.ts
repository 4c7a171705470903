import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteCodes } from './byte-codes.ts';

it('finds what a map of texts finds', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 20 }), { maxLength: 4000, minLength: 2000 }), (keys) => {
      const codes = new ByteCodes();
      const known = new Map<string, number>();
      for (const key of keys) {
        const bytes = new TextEncoder().encode(`<${key}>`);
        const expected = known.get(key);
        expect(codes.find(bytes, 1, bytes.length - 1)).toBe(expected ?? -1);
        if (expected !== undefined) continue;
        codes.add(bytes, 1, bytes.length - 1, known.size);
        known.set(key, known.size);
      }
    }),
    { numRuns: 10 },
  );
});
