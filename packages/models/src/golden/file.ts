import { z } from 'zod';
import { GoldenError } from '../errors.ts';

/** What every file has; the rest depends on the kind. */
export interface GoldenFile {
  readonly name: string;
  readonly kind: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** `"inf"`, `"-inf"` and `"nan"` stand for what JSON has no numbers for; masks may be of true and false. */
const number = z.union([
  z.number(),
  z.boolean().transform(Number),
  z.literal('inf').transform(() => Number.POSITIVE_INFINITY),
  z.literal('-inf').transform(() => Number.NEGATIVE_INFINITY),
  z.literal('nan').transform(() => Number.NaN),
]);

/** A tensor of a file: `{ shape, data }`, row-major. */
export const goldenTensor = z
  .strictObject({ shape: z.array(z.int().min(0)), data: z.array(number) })
  .refine(({ shape, data }) => shape.reduce((product, axis) => product * axis, 1) === data.length, {
    path: ['data'],
    message: 'as many numbers as the shape needs',
  });
export type GoldenTensor = z.output<typeof goldenTensor>;

const deviation = z.number().min(0).default(0);

/** What the reference itself loses in float32, over the largest magnitude: the worst tensor of each group. */
export const float32Deviation = z.object({
  outputs: deviation,
  loss: deviation,
  gradients: deviation,
  inputGradients: deviation,
});

/**
 * Fields of a file by a schema.
 *
 * @param where what `json` is in the file, for the message; default: all of it.
 * @throws GoldenError naming the field, what was expected and what was got.
 */
export function checkedFields<T>(schema: z.ZodType<T>, json: unknown, where = ''): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const path = [...(where === '' ? [] : [where]), ...first.path.map(String)].join('.');
  throw new GoldenError(`golden: ${path === '' ? 'the file' : path}: ${first.message}`);
}

/** A tensor of a file by its name, which must be there with this shape (where it is given). */
export function tensorOf(
  from: Readonly<Record<string, GoldenTensor>>,
  name: string,
  shape?: readonly number[],
): GoldenTensor {
  const found = from[name];
  if (found === undefined)
    throw new GoldenError(`golden: ${name}: expected this tensor; got ${Object.keys(from).join(', ')}`);
  if (shape !== undefined && found.shape.join() !== shape.join()) {
    throw new GoldenError(`golden: ${name}: expected shape [${shape.join(', ')}]; got [${found.shape.join(', ')}]`);
  }
  return found;
}
