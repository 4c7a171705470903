import { z } from 'zod';
import { fitPieces } from '../semantic-ids/features/pieces.ts';
import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';
import type { GoldenReport } from './report.ts';
import { parseValues, reportOfValues } from './values.ts';

const piece = z.array(z.tuple([z.int(), z.int()]));
const rows = z.array(z.array(z.int()));
const schema = z.object({
  name: z.string(),
  config: z.object({ levels: z.int(), codes: z.int(), pieces: z.int() }),
  inputs: z.object({ items: rows, counts: z.array(z.number()), newItems: rows }),
  outputs: z.object({
    merges: z.array(z.tuple([piece, piece])),
    segments: z.array(z.array(piece)),
    segmentsOfNew: z.array(z.array(piece)),
  }),
});

/** Merges and pieces beside the library of tokenizers: all of them, or one wrong figure. */
export async function checkCodePieces(json: unknown): Promise<GoldenReport> {
  const { name, config, inputs, outputs } = parseValues(schema, json);
  const sizes = new Array<number>(config.levels).fill(config.codes);
  const codesOf = (items: readonly (readonly number[])[]): Codes => ({
    ...{ count: items.length, sizes },
    values: Int32Array.from(items.flat()),
  });
  const text = (symbols: readonly (readonly [number, number])[]): string =>
    symbols.map((symbol) => symbol.join('.')).join(' ');
  const pieces = fitPieces(codesOf(inputs.items), config.pieces, inputs.counts);
  const differ = (got: readonly (readonly string[])[], expected: readonly (readonly z.output<typeof piece>[])[]) =>
    Number(JSON.stringify(got) !== JSON.stringify(expected.map((row) => row.map(text))));
  const wrong = [
    differ(pieces.merges, outputs.merges),
    differ(pieces.segment(codesOf(inputs.items)), outputs.segments),
    differ(pieces.segment(codesOf(inputs.newItems)), outputs.segmentsOfNew),
  ];
  // Relative to the largest magnitude that is expected, which is no figure here.
  return reportOfValues(
    name,
    [
      [
        [1, ...wrong],
        [1, 0, 0, 0],
      ],
    ],
    1e-9,
  );
}
