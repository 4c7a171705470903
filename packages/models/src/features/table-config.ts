import { z } from 'zod';

const rows = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** How the ids of fields share rows of tables. */
export const tableSchemeSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('separate') }).describe('A table a field, a row an id.'),
    z
      .strictObject({
        kind: z.literal('unified'),
        rows: rows.describe('Rows `M` of the table.'),
        chunks: z
          .int()
          .min(1)
          .max(256)
          .default(1)
          .describe('Pieces of a vector, each looked up by a hash of its own; a divisor of the width.'),
        signs: z.boolean().default(false).describe('Whether a second hash gives each piece a sign.'),
      })
      .describe('One table for all fields; rows are hashes of field, piece and id.'),
    z
      .strictObject({
        kind: z.literal('hashed'),
        rows: rows.describe('Rows of the tables of all fields together: equal shares, none more than its ids.'),
      })
      .describe('A table a field, of fewer rows than ids; rows are hashes of the id.'),
    z
      .strictObject({
        kind: z.literal('qr'),
        remainders: rows.describe(
          'Rows `m` of the table of remainders of a field; a field with no more ids has one table.',
        ),
        combine: z
          .enum(['multiply', 'add'])
          .default('multiply')
          .describe('How the vectors of quotient and remainder come together.'),
      })
      .describe('Two tables a field, one for the quotient of its id by `m`, one for the remainder.'),
  ])
  .describe('How ids share rows of tables; default: `separate`.');

export type TableScheme = z.output<typeof tableSchemeSchema>;
