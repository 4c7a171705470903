import { z } from 'zod';
import { GoldenError } from '../errors.ts';
import { relativeError } from './relative-error.ts';
import { type GoldenReport, goldenReport } from './report.ts';

/** A column of numbers of a golden file. */
export const columnSchema = z
  .strictObject({ shape: z.tuple([z.int().min(0)]), data: z.array(z.number()) })
  .refine(({ shape, data }) => shape[0] === data.length, {
    path: ['data'],
    message: 'as many numbers as the shape needs',
  })
  .transform(({ data }) => data);

/** @throws GoldenError naming the field, what was expected and what was got. */
export function parseValues<T>(schema: z.ZodType<T>, json: unknown): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const path = first.path.map(String).join('.');
  throw new GoldenError(`golden: ${path === '' ? 'the file' : path}: ${first.message}`);
}

/** Numbers that are compared: what was got, and what the file has. */
export type Compared = readonly [got: ArrayLike<number>, expected: ArrayLike<number>];

/** The report of a file of plain numbers in float64: no loss, no gradients. */
export function reportOfValues(name: string, compared: Iterable<Compared>, tolerance: number): GoldenReport {
  let figures = 0;
  for (const [got, expected] of compared) figures = Math.max(figures, relativeError(got, expected));
  return goldenReport(name, { outputs: { figures } }, { outputs: tolerance, loss: 0, gradients: 0 });
}
