import { z } from 'zod';
import type { PaperTable, TableBefore, TableRow } from './table.ts';

const names = z.array(z.string());
const figures = z.record(z.string(), z.number());
const changes = z.array(z.strictObject({ key: z.string(), text: z.string() }));
const aFunction = <T>() => z.custom<T>((value) => typeof value === 'function', 'expected a function');

/** What the export of a file of one's own has to be, which nothing has checked the types of. */
export const tableShape: z.ZodType<PaperTable> = z.strictObject({
  title: z.string(),
  source: z.string(),
  notes: names,
  plugins: names.optional(),
  metrics: names.min(1),
  tolerance: figures.optional(),
  rows: z
    .array(
      z.strictObject({
        name: z.string(),
        recipe: z.string(),
        changes: changes.optional(),
        paper: figures,
        from: z.strictObject({ row: z.string(), baseline: z.string().optional() }).optional(),
        measure: aFunction<NonNullable<TableRow['measure']>>().optional(),
      }),
    )
    .min(1),
  before: z
    .array(
      z.strictObject({
        name: z.string(),
        recipe: z.string(),
        changes: changes.optional(),
        gives: z.enum(['labels', 'weights']),
        into: aFunction<TableBefore['into']>(),
      }),
    )
    .optional(),
  references: z
    .array(z.strictObject({ name: z.string(), kind: z.enum(['published', 'measured']), figures }))
    .optional(),
  claims: z.array(z.strictObject({ better: z.string(), worse: z.string(), metrics: names })),
  gains: z.array(z.strictObject({ over: z.string(), rows: names, metrics: names })).optional(),
  ordered: names.optional(),
  lowerIsBetter: names.optional(),
  sizes: z.record(z.string(), changes).optional(),
  defaultSize: z.string().optional(),
  splitBySeed: z.boolean().optional(),
  ownSplits: z.boolean().optional(),
  coldItems: z.boolean().optional(),
  future: z.strictObject({ days: z.number().positive(), excludeSeen: z.boolean() }).optional(),
});
