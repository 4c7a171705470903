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
 * A letter binds to the first size it meets and must meet the same size afterwards. `B+1` is one more than `B`,
 * `2n-1` is an odd size; a digit is that size; `...` at the front stands for any number of leading dimensions.
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

/** One axis of a pattern: `B+1` is the letter B and 1 more, `4` the literal 4. */
interface Axis {
  readonly text: string;
  readonly letter: string;
  readonly plus: number;
  readonly literal: number | undefined;
}

interface Pattern {
  /** Whether any number of dimensions may come before. */
  readonly open: boolean;
  readonly axes: readonly Axis[];
}

/** Patterns are few and checked at every call of an op: each is read once. */
const parsed = new Map<string, Pattern>();

function parse(pattern: string): Pattern {
  let result = parsed.get(pattern);
  if (result === undefined) {
    const texts = pattern.split(' ').filter((text) => text !== '');
    const open = texts[0] === '...';
    const axes = texts.slice(open ? 1 : 0).map((text): Axis => {
      const [letter, plus] = text.split('+');
      const literal = Number(letter);
      return { text, letter, plus: Number(plus ?? 0), literal: Number.isNaN(literal) ? undefined : literal };
    });
    result = { open, axes };
    parsed.set(pattern, result);
  }
  return result;
}

function bind(name: string, shape: readonly number[], pattern: string, dims: Dims): string | undefined {
  const { open, axes } = parse(pattern);
  const skipped = shape.length - axes.length;
  if (open && skipped < 0) return `${name} has rank ${shape.length}, at least ${axes.length} is needed`;
  if (!open && skipped !== 0) return `${name} has rank ${shape.length}, not ${axes.length}`;
  for (let axis = 0; axis < axes.length; axis++) {
    const { text, letter, plus, literal } = axes[axis];
    const length = shape[skipped + axis];
    if (text === '2n-1') {
      if (length % 2 === 0) return `${name} has an even length, n is the longest sequence`;
      dims.n ??= (length + 1) / 2;
      continue;
    }
    const size = length - plus;
    const wanted = literal ?? dims[letter];
    if (wanted === undefined) {
      if (size < 0) return `${name} needs at least ${plus} elements along ${text}`;
      dims[letter] = size;
    } else if (wanted !== size) {
      return `${name} has ${letter} = ${size}, expected ${letter} = ${wanted}`;
    }
  }
  return undefined;
}
