import * as tf from '@tensorflow/tfjs-core';
import { floats, ints } from '../arbitraries.ts';
import { kernelsSeen, PRISTINE } from './pristine-cpu.ts';

type DType = 'float32' | 'int32' | 'bool' | 'string';

/** An input as drawn from a seed. */
export interface Input {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly draw: (seed: number, name: number) => ArrayLike<number> | readonly string[];
}

type Output = tf.Tensor | readonly tf.Tensor[];

/** One call of a TensorFlow.js op. */
export interface OpCase {
  readonly inputs: readonly Input[];
  /** Each op has argument types of its own. */
  readonly run: (...inputs: never[]) => Output;
  /** Also compare the gradients to the float32 inputs (or to those at these positions). */
  readonly gradient?: boolean | readonly number[];
}

/**
 * Calls that together run one kernel. Allowed error of an element: `bound` times its magnitude, or times `floor`
 * where that is larger (the size of the terms of a sum that may cancel). A bound of 0 asks for equal numbers.
 */
export interface KernelCases {
  readonly bound: number;
  readonly floor: number;
  readonly cases: readonly OpCase[];
}

const size = (shape: readonly number[]): number => tf.util.sizeFromShape([...shape]);

/** Normal numbers times `scale` plus `shift`. */
export const F = (shape: readonly number[], scale = 1, shift = 0): Input => ({
  shape,
  dtype: 'float32',
  draw: (seed, name) => floats(seed, name, size(shape), scale).map((x) => x + shift),
});

/** Positive numbers, at least `low`. */
export const P = (shape: readonly number[], low = 0.1): Input => ({
  shape,
  dtype: 'float32',
  draw: (seed, name) => floats(seed, name, size(shape)).map((x) => Math.abs(x) + low),
});

/** Numbers between -0.95 and 0.95. */
export const U = (shape: readonly number[]): Input => ({
  shape,
  dtype: 'float32',
  draw: (seed, name) => floats(seed, name, size(shape)).map((x) => 0.95 * Math.sin(x)),
});

export const I = (shape: readonly number[], low = -9, high = 9): Input => ({
  shape,
  dtype: 'int32',
  draw: (seed, name) => ints(seed, name, size(shape), low, high),
});

export const B = (shape: readonly number[]): Input => ({
  shape,
  dtype: 'bool',
  draw: (seed, name) => ints(seed, name, size(shape), 0, 1),
});

/** These very values. */
export const V = (
  values: readonly number[] | readonly string[],
  shape: readonly number[] = [values.length],
  dtype: DType = typeof values[0] === 'string' ? 'string' : 'float32',
): Input => ({ shape, dtype, draw: () => values });

export const kernel = (cases: readonly OpCase[], bound = 0, floor = 1e-30): KernelCases => ({ bound, floor, cases });

function upload({ shape, dtype, draw }: Input, seed: number, name: number): tf.Tensor {
  const values = draw(seed, name);
  if (ArrayBuffer.isView(values) && dtype !== 'bool') {
    return tf.tensor(values as unknown as Float32Array | Int32Array, [...shape], dtype);
  }
  return tf.tensor(Array.from<number | string>(values) as number[], [...shape], dtype);
}

interface Result {
  readonly what: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly (number | string)[];
}

function read(what: string, x: tf.Tensor): Result {
  if (x.dtype !== 'complex64')
    return { what, shape: x.shape, dtype: x.dtype, values: Array.from<number | string>(x.dataSync()) };
  const parts = [tf.real(x), tf.imag(x)].map((part) => Array.from(part.dataSync()));
  return { what, shape: x.shape, dtype: x.dtype, values: parts.flat() };
}

/** Outputs and gradients on the active backend. */
function evaluate({ inputs, run, gradient }: OpCase, seed: number): Result[] {
  const before = tf.memory().numTensors;
  let results: Result[] = [];
  tf.tidy(() => {
    const xs = inputs.map((input, i) => upload(input, seed, i));
    const outputs = [run(...(xs as never[]))].flat() as tf.Tensor[];
    results = outputs.map((y, i) => read(`output ${i}`, y));
    if (!gradient) return;
    const at = gradient === true ? inputs.flatMap(({ dtype }, i) => (dtype === 'float32' ? [i] : [])) : [...gradient];
    const weights = outputs.map((y, i) => upload(F(y.shape), seed, 100 + i));
    const loss = (...changed: tf.Tensor[]): tf.Tensor => {
      const ys = [
        run(...(xs.map((x, i) => (at.includes(i) ? changed[at.indexOf(i)] : x)) as never[])),
      ].flat() as tf.Tensor[];
      return ys.map((y, i) => tf.sum(tf.mul(y, weights[i]))).reduce((a, b) => tf.add(a, b));
    };
    const gradients = tf.grads(loss)(at.map((i) => xs[i]));
    results.push(...gradients.map((dx, i) => read(`gradient of input ${at[i]}`, dx)));
  });
  const leaked = tf.memory().numTensors - before;
  if (leaked !== 0) throw new Error(`${tf.getBackend()} leaked ${leaked} tensors`);
  return results;
}

function compare(where: string, actual: Result, expected: Result, { bound, floor }: KernelCases): void {
  const head = (r: Result): string => `${r.dtype} [${r.shape}]`;
  if (head(actual) !== head(expected)) throw new Error(`${where}: expected ${head(expected)}; got ${head(actual)}`);
  const gradient = expected.what.startsWith('gradient');
  // A gradient is a sum of products: its terms are about as large as its largest element.
  const magnitudes = gradient ? expected.values.map((value) => Math.abs(Number(value))) : [];
  const least = magnitudes.filter(Number.isFinite).reduce((most, value) => Math.max(most, value), gradient ? 1 : floor);
  const allowed = gradient ? Math.max(bound, 3e-6) : bound;
  for (let i = 0; i < expected.values.length; i++) {
    const [a, e] = [actual.values[i], expected.values[i]];
    if (Object.is(a, e) || a === e) continue;
    const error = Math.abs(Number(a) - Number(e)) / Math.max(Math.abs(Number(e)), least);
    if (!(error <= allowed)) {
      throw new Error(`${where}: expected ${e} at ${i} within ${allowed}; got ${a}, an error of ${error}`);
    }
  }
}

/** Runs every case on the stock `cpu` backend and on `backend`; throws on the first that differs. */
export async function checkCases(name: string, entry: KernelCases, backend: string): Promise<void> {
  for (const [i, kase] of entry.cases.entries()) {
    const seed = 1000 + i;
    const where = `${name}, case ${i} ${kase.inputs.map(({ dtype, shape }) => `${dtype} [${shape}]`).join(', ')}`;
    await tf.setBackend(PRISTINE);
    const expected = evaluate(kase, seed);
    await tf.setBackend(backend);
    const actual = evaluate(kase, seed);
    if (actual.length !== expected.length) throw new Error(`${where}: expected ${expected.length} results`);
    for (const [j, result] of expected.entries()) {
      compare(`${where}: ${result.what}`, actual[j], result, entry);
    }
  }
}

/** The same, and the cases must run the kernel of that name. */
export async function checkKernel(name: string, entry: KernelCases, backend: string): Promise<void> {
  kernelsSeen.clear();
  await checkCases(name, entry, backend);
  if (!kernelsSeen.has(name))
    throw new Error(`${name}: none of its cases runs the kernel; they run ${[...kernelsSeen]}`);
}
