import type { DataType, Tensor } from '@tensorflow/tfjs-core';
import { DTypeError, ShapeError } from './errors.ts';

/** Sizes bound to dimension letters, for example `{ T: 12, H: 2 }`. */
export type Dims = Record<string, number>;

/** What an op expects of one argument: name, tensor and a pattern such as `'T H A'`, `'B+1'` or `'T 4'`. */
export type Expected = readonly [name: string, x: Tensor, pattern: string];

/** `float32[4,2,3]`, the form in which error messages show tensors. */
export function describe(x: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${x.dtype}[${x.shape.join(',')}]`;
}

/**
 * Checks several tensors against patterns of dimension letters and returns the sizes bound to the letters.
 *
 * A letter binds to the first size it meets and must meet the same size afterwards. `B+1` is one more than `B`, `2n-1` is
 * an odd size; a digit is that size; `...` at the front stands for any number of leading dimensions.
 *
 * @throws ShapeError naming the op, every pattern, every shape and the first contradiction.
 */
export function assertShapes(op: string, expected: readonly Expected[]): Dims {
  const dims: Dims = {};
  for (const [name, x, pattern] of expected) {
    const problem = bind(name, x.shape, pattern, dims);
    if (problem !== undefined) throw new ShapeError(message(op, expected, problem));
  }
  return dims;
}

/** {@link assertShapes} for one tensor; `dims` carries letters bound before and receives new ones. */
export function assertShape(x: Tensor, pattern: string, where: { op: string; name: string; dims?: Dims }): Dims {
  const dims = where.dims ?? {};
  const problem = bind(where.name, x.shape, pattern, dims);
  if (problem !== undefined) throw new ShapeError(message(where.op, [[where.name, x, pattern]], problem));
  return dims;
}

/** @throws DTypeError when `x` is not of `dtype`. */
export function assertDType(x: Tensor, dtype: DataType, where: { op: string; name: string }): void {
  if (x.dtype === dtype) return;
  throw new DTypeError(
    `${where.op}: expected ${where.name} to be ${dtype}; got ${where.name}=${describe(x)}; cast it with tf.cast(${where.name}, '${dtype}')`,
  );
}

function message(op: string, expected: readonly Expected[], problem: string): string {
  const patterns = expected.map(([name, , pattern]) => `${name} [${pattern.split(' ').join(', ')}]`);
  const shapes = expected.map(([name, x]) => `${name}=${describe(x)}`);
  return `${op}: expected ${patterns.join(', ')}; got ${shapes.join(', ')}; ${problem}`;
}

function bind(name: string, shape: readonly number[], pattern: string, dims: Dims): string | undefined {
  let letters = pattern.split(' ').filter((letter) => letter !== '');
  let sizes = [...shape];
  if (letters[0] === '...') {
    letters = letters.slice(1);
    if (sizes.length < letters.length) return `${name} has rank ${shape.length}, at least ${letters.length} is needed`;
    sizes = sizes.slice(sizes.length - letters.length);
  }
  if (sizes.length !== letters.length) return `${name} has rank ${shape.length}, not ${letters.length}`;
  for (let axis = 0; axis < letters.length; axis++) {
    if (letters[axis] === '2n-1') {
      if (sizes[axis] % 2 === 0) return `${name} has an even length, n is the longest sequence`;
      dims.n ??= (sizes[axis] + 1) / 2;
      continue;
    }
    const [letter, plus] = letters[axis].split('+');
    const size = sizes[axis] - Number(plus ?? 0);
    const literal = Number(letter);
    const wanted = Number.isNaN(literal) ? dims[letter] : literal;
    if (wanted === undefined) {
      if (size < 0) return `${name} needs at least ${plus} elements along ${letters[axis]}`;
      dims[letter] = size;
    } else if (wanted !== size) {
      return `${name} has ${letter} = ${size}, expected ${letter} = ${wanted}`;
    }
  }
  return undefined;
}
