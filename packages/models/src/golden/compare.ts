import * as tf from '@tensorflow/tfjs-core';
import { GoldenError } from '../errors.ts';
import { checkedFields, type GoldenTensor, goldenTensor } from './file.ts';
import { relativeError } from './relative-error.ts';

/** Numbers of ours, to compare with a tensor or a number of a file. */
export type Computed = number | ArrayLike<number> | tf.Tensor;

/** Named numbers of ours, nested as those of the file. */
export type ComputedTree = Computed | { readonly [name: string]: ComputedTree } | readonly ComputedTree[];

/**
 * The error of every tensor, list of numbers and number of a part of a file, by its path:
 * `{ steps: [{ norm: 1 }] }` gives `steps.0.norm`.
 *
 * @param expected of the file: tensors `{ shape, data }`, numbers and lists of numbers in objects and lists.
 * @param got ours, in the same places; what the file has no value for is left out. Tensors stay the caller's.
 * @throws GoldenError for a value of the file that has none of ours beside it, or for another shape.
 */
export async function compareTensors(expected: unknown, got: ComputedTree): Promise<Record<string, number>> {
  const errors: Record<string, number> = {};
  await walk(expected, got, [], errors);
  return errors;
}

/**
 * The error of every gradient of a file, by name. One that is zero in exact arithmetic is measured by the largest
 * gradient of the file.
 *
 * @throws GoldenError for a gradient that has none of ours beside it.
 */
export async function compareGradients(
  expected: Readonly<Record<string, GoldenTensor>>,
  got: Readonly<Record<string, Computed>>,
): Promise<Record<string, number>> {
  let largest = 0;
  for (const { data } of Object.values(expected)) {
    for (const value of data) largest = Math.max(largest, Math.abs(value));
  }
  const errors: Record<string, number> = {};
  for (const [name, { shape, data }] of Object.entries(expected)) {
    if (got[name] === undefined)
      throw new GoldenError(`golden: gradients: ${name}: expected a parameter that is compared; got another`);
    const error = relativeError(await numbersOf(got[name], shape, name), data);
    errors[name] = largest > 0 && data.every((value) => value === 0) ? error / largest : error;
  }
  return errors;
}

async function walk(
  expected: unknown,
  got: ComputedTree | undefined,
  path: readonly string[],
  errors: Record<string, number>,
): Promise<void> {
  const where = path.join('.');
  const leaf = leafOf(expected, where);
  if (leaf === undefined) {
    const below = got as Readonly<Record<string, ComputedTree>> | undefined;
    const within = typeof below === 'object' && !(below instanceof tf.Tensor) ? below : undefined;
    for (const [key, value] of Object.entries(expected as object)) {
      await walk(value, within?.[key], [...path, key], errors);
    }
    return;
  }
  if (got === undefined) throw new GoldenError(`golden: ${where}: expected a value of ours beside it; got none`);
  errors[where] = relativeError(await numbersOf(got as Computed, leaf.shape, where), leaf.data);
}

function leafOf(value: unknown, where: string): GoldenTensor | undefined {
  if (typeof value !== 'object' || value === null) {
    return checkedFields(goldenTensor, { shape: [], data: [value] }, where);
  }
  if (Array.isArray(value)) {
    const flat = value.length > 0 && value.every((each) => typeof each !== 'object');
    return flat ? checkedFields(goldenTensor, { shape: [value.length], data: value }, where) : undefined;
  }
  return 'shape' in value && 'data' in value ? checkedFields(goldenTensor, value, where) : undefined;
}

async function numbersOf(got: Computed, shape: readonly number[], where: string): Promise<ArrayLike<number>> {
  if (typeof got === 'number') return [got];
  if (!(got instanceof tf.Tensor)) return got;
  if (got.shape.join() !== shape.join()) {
    throw new GoldenError(`golden: ${where}: expected shape [${shape.join(', ')}]; got [${got.shape.join(', ')}]`);
  }
  return got.data();
}
