import fc from 'fast-check';
import { expect, it } from 'vitest';
import { smallInteger } from '../interner.ts';
import { isoSecondsAt, plainNumberAt, smallIntegerAt } from './plain-bytes.ts';
import { plainNumber } from './plain-number.ts';
import { isoSeconds } from './time.ts';

const within = <T>(text: string, read: (bytes: Uint8Array, from: number, to: number) => T): T => {
  const bytes = new TextEncoder().encode(`9${text}9`);
  return read(bytes, 1, bytes.length - 1);
};

it('numbers of bytes are those of the same text', () => {
  const text = fc.oneof(
    fc.stringMatching(/^[0-9]{0,17}$/),
    fc.stringMatching(/^[0-9]{0,9}\.[0-9]{0,9}$/),
    fc.constantFrom('', '.', '0', '00', '-1', '1.', '.1', '1.2.3', '1e3', 'é', '9999999', '10000000'),
  );
  fc.assert(
    fc.property(text, (written) => {
      expect(within(written, plainNumberAt)).toBe(plainNumber(written));
      // From eight digits on it is left to the codes.
      const small = written.length < 8 ? smallInteger(written) : -1;
      expect(within(written, smallIntegerAt)).toBe(small);
    }),
    { numRuns: 2000 },
  );
});

it('a date of bytes is that of the calendar, or none', () => {
  let read = 0;
  const two = fc.integer({ min: 0, max: 70 }).map((n) => String(n).padStart(2, '0'));
  const part = fc.oneof(
    fc.integer({ min: 1, max: 31 }).map((n) => String(n).padStart(2, '0')),
    two,
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1960, max: 2110 }),
      fc.tuple(part, part, part, two, two),
      fc.constantFrom(' ', 'T', 't', '-'),
      (year, [month, day, hour, minute, second], between) => {
        const written = `${year}-${month}-${day}${between}${hour}:${minute}:${second}`;
        const seconds = within(written, isoSecondsAt);
        if (Number.isNaN(seconds)) return;
        read++;
        expect(seconds).toBe(isoSeconds(written));
      },
    ),
    { numRuns: 5000 },
  );
  for (let day = 0; day < 47_480; day++) {
    const written = new Date(day * 86_400_000 + 45_296_000).toISOString().slice(0, 19);
    const seconds = within(written, isoSecondsAt);
    if (!written.includes('-02-29')) expect(seconds).toBe(isoSeconds(written));
  }
  expect(read).toBeGreaterThan(20);
});
