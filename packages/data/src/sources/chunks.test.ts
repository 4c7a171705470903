import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemLog } from '../problems.ts';
import { readDelimited } from './delimited.ts';
import { scanLines } from './lines.ts';

/** The bytes of `text`, cut at the given places. */
async function* cut(text: string, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    yield bytes.slice(from, end);
    from = end;
  }
}

const places = fc.array(fc.nat({ max: 200 }), { maxLength: 30 });
const letters = fc.string({ unit: fc.constantFrom('a', 'é', '€', '\u{1f3ac}', '\r'), minLength: 1, maxLength: 6 });

describe('files that arrive in pieces', () => {
  it('have the same lines, wherever they are cut', async () => {
    const line = letters.filter((text) => !text.endsWith('\r'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1 }),
        places,
        fc.boolean(),
        fc.boolean(),
        async (lines, at, bom, crlf) => {
          const text = (bom ? '\ufeff' : '') + lines.join(crlf ? '\r\n' : '\n');
          const got: string[] = [];
          const count = await scanLines(
            cut(text, at),
            (bytes, start, end, number) => {
              got.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(start, end)));
              expect(number).toBe(got.length);
            },
            () => {
              throw new Error('too long');
            },
          );
          expect(got).toEqual(lines);
          expect(count).toBe(lines.length);
        },
      ),
    );
  });

  it('have the same records, wherever they are cut', async () => {
    const field = letters.filter((text) => !text.includes('\r'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 10 }),
        places,
        fc.boolean(),
        async (records, at, crlf) => {
          const end = crlf ? '\r\n' : '\n';
          const text = `\ufeffx;y${end}${records.map(([a, b]) => `"${a}${end}";${b}`).join(end)}`;
          const got: string[][] = [];
          const log = new ProblemLog({ operation: 'test', file: 'f', lenient: false });
          await readDelimited(cut(text, at), {}, log, {
            header: true,
            first: (fields) => {
              expect(fields).toEqual(['x', 'y']);
            },
            row: (fields, line) => {
              got.push([...fields]);
              expect(line).toBe(2 * got.length);
              return undefined;
            },
          });
          expect(got).toEqual(records.map(([a, b]) => [`${a}\n`, b]));
        },
      ),
    );
  });
});
