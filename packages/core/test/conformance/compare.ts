import * as tf from '@tensorflow/tfjs-core';
import type fc from 'fast-check';
import { rememberHostValues } from '../../src/index.ts';
import { boundSlack, floats } from './arbitraries.ts';

/** A tensor on the host. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export type Arrays = Readonly<Record<string, HostTensor>>;
export type Tensors = Readonly<Record<string, tf.Tensor>>;

/** What the float64 reference says. */
export interface Expected {
  readonly output: ArrayLike<number>;
  /** By name of the input; the inputs named here are differentiated. */
  readonly gradients: Readonly<Record<string, ArrayLike<number>>>;
}

/** One op under test: how to draw a problem, run it, and know the answer. */
export interface KernelCase<Problem> {
  readonly name: string;
  /** Kernels of the contract that the case exercises. */
  readonly kernels: readonly string[];
  /**
   * Largest allowed error, relative to the largest magnitude of the tensor. Zero means equal bits.
   * Float32 has 6e-8 a rounding; the rest is the length of the sums and the conditioning of the formula.
   */
  readonly bounds: { readonly output: number; readonly gradients: number };
  /**
   * Magnitude below which the error of a tensor (`'output'` or the name of a differentiated input) is measured
   * absolutely: the size of the terms of its sum, for results that may cancel to nothing.
   */
  readonly floor?: (problem: Problem, tensor: string) => number;
  readonly problem: fc.Arbitrary<Problem>;
  /** Problems on the sizes at which kernels change their way, whatever the seed (`edges.ts`). */
  readonly edges: () => readonly Problem[];
  readonly arrays: (problem: Problem) => Arrays;
  readonly run: (problem: Problem, tensors: Tensors) => tf.Tensor;
  readonly reference: (problem: Problem, arrays: Arrays, dy: Float32Array) => Expected;
}

/** A case whose problem type is hidden, so that cases of different problems fit in one list. */
export interface AnyCase {
  readonly name: string;
  readonly kernels: readonly string[];
  readonly bounds: { readonly output: number; readonly gradients: number };
  /** Draws problems with fast-check and rejects with the first that fails, shrunk. */
  readonly check: (parameters: fc.Parameters<[unknown]>) => Promise<void>;
  readonly countEdges: () => number;
  /** Runs the edges and rejects with the first that fails, which its message names. */
  readonly checkEdges: (part?: EdgePart) => Promise<void>;
  /** Largest relative error met per tensor, for setting bounds. */
  readonly worst: Map<string, number>;
}

/** Values of `x`, which is disposed. A GPU is read asynchronously only. */
export async function take(x: tf.Tensor): Promise<Float32Array | Int32Array> {
  const values = (await x.data()) as Float32Array | Int32Array;
  // Some backends give a view of their own memory.
  const copy = values.slice();
  x.dispose();
  return copy;
}

/** Integers keep their values on the host, as those of a batch do: a GPU is not read for them. */
export function upload({ values, shape }: HostTensor): tf.Tensor {
  if (values instanceof Int32Array) return rememberHostValues(tf.tensor(values.slice(), [...shape], 'int32'), values);
  return tf.tensor(values.slice(), [...shape], 'float32');
}

/** Largest |actual - expected| divided by the largest magnitude; infinite when a value is not finite. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, floor = 0): number {
  let worst = 0;
  let magnitude = floor;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (!Number.isFinite(difference)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, difference);
    magnitude = Math.max(magnitude, Math.abs(expected[i]));
  }
  return worst === 0 ? 0 : worst / magnitude;
}

/** @throws when the tensors differ by more than `bound`. */
export function assertClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { bound, floor = 0 }: { bound: number; floor?: number },
): number {
  if (actual.length !== expected.length) {
    throw new Error(`${what}: expected ${expected.length} elements; got ${actual.length}`);
  }
  const error = relativeError(actual, expected, floor);
  if (error <= bound) return error;
  let at = 0;
  for (let i = 1; i < expected.length; i++) {
    if (Math.abs(actual[i] - expected[i]) > Math.abs(actual[at] - expected[at])) at = i;
  }
  throw new Error(
    `${what}: expected a relative error of at most ${bound}; got ${error.toExponential(2)}; worst at ${at}: ${actual[at]} for ${expected[at]}`,
  );
}

function assertTensors(what: string, before: number, created: number): void {
  const extra = tf.memory().numTensors - before - created;
  if (extra !== 0) throw new Error(`${what}: expected ${created} new tensors; got ${extra} more`);
}

/** Runs one problem on the active backend: output, gradients through `tf.grads`, leaked tensors. */
export async function runProblem<P>(kase: KernelCase<P>, problem: P, worst = new Map<string, number>()): Promise<void> {
  const { name, bounds } = kase;
  const limits = (tensor: string, bound: number) => ({
    bound: boundSlack() * bound,
    floor: kase.floor?.(problem, tensor) ?? 0,
  });
  const arrays = kase.arrays(problem);
  const note = (tensor: string, error: number) => worst.set(tensor, Math.max(worst.get(tensor) ?? 0, error));
  const tensors: Record<string, tf.Tensor> = {};
  for (const [key, array] of Object.entries(arrays)) tensors[key] = upload(array);
  const start = tf.memory().numTensors;

  const output = kase.run(problem, tensors);
  assertTensors(`${name} output`, start, 1);
  const dy: HostTensor = { shape: output.shape, values: floats(77, 77, output.size) };
  const expected = kase.reference(problem, arrays, dy.values as Float32Array);
  note('output', assertClose(`${name} output`, await take(output), expected.output, limits('output', bounds.output)));

  const names = Object.keys(expected.gradients);
  if (names.length > 0) {
    const upstream = upload(dy);
    const differentiate = tf.grads((...xs: tf.Tensor[]) => {
      const changed = Object.fromEntries(names.map((key, i) => [key, xs[i]]));
      return kase.run(problem, { ...tensors, ...changed });
    });
    const gradients = differentiate(
      names.map((key) => tensors[key]),
      upstream,
    );
    assertTensors(`${name} gradients`, start, 1 + names.length);
    for (const [i, gradient] of gradients.entries()) {
      const limit = limits(names[i], bounds.gradients);
      note(names[i], assertClose(`${name} d${names[i]}`, await take(gradient), expected.gradients[names[i]], limit));
    }
    upstream.dispose();
  }
  tf.dispose(Object.values(tensors));
}

/** Every `step`th edge, from the one at `first` on. */
export interface EdgePart {
  readonly step: number;
  readonly first?: number;
}

/** Runs a part of the edges; an error names the problem. */
export async function checkEdges<P>(
  edges: readonly P[],
  { step, first = 0 }: EdgePart,
  check: (problem: P) => Promise<void>,
): Promise<void> {
  for (let i = first; i < edges.length; i += step) {
    try {
      await check(edges[i]);
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`edge ${i} of ${edges.length}, ${JSON.stringify(edges[i])}: ${what}`, { cause });
    }
  }
}
