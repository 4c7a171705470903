// A part of a batch draws what the whole batch draws: rows of the result and their gradients have the same bits.
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { SimdBackend } from '../../src/backends/simd/backend.ts';
import { backend } from '../simd.ts';
import { floats, offsetsFor, runs } from './arbitraries.ts';
import { causalCase } from './attention-cases.ts';
import { type Arrays, assertClose, type HostTensor, type KernelCase, take, upload } from './compare.ts';
import { dropoutCase, uniformIntegersCase } from './elementwise-cases.ts';
import { embedTokensCase } from './embed-tokens-case.ts';
import { gatedNormCase, gatedNormLinearCase } from './layer-step-cases.ts';
import { linearLayerCase } from './linear-layer-cases.ts';

interface Drawing {
  /** Number of the stream's first word. */
  readonly first: number;
  /** Of dropout. */
  readonly rate?: number;
}

/** How an op with a stream is cut. */
interface Cut<P extends Drawing> {
  readonly kase: KernelCase<P>;
  /** Inputs with a row for each row of the result; the others are shared by all parts. */
  readonly rows: readonly string[];
  /** Those of them that the op does not read. */
  readonly unread?: (problem: P) => readonly string[];
  /** Rows before which a part may begin, the end among them. */
  readonly places: (problem: P) => readonly number[];
  /**
   * Backends with equal bits; default all. On the others the batch as a whole decides how a product adds, or how far
   * attention is padded.
   */
  readonly exact?: readonly string[];
  /** Gradients that are bounded on those backends too: the batch as a whole decides into how many sums they are cut. */
  readonly summed?: readonly string[];
  /** The problem of rows `from .. to - 1`. */
  readonly part: (problem: P, from: number, to: number) => P;
}

/** Cuts of an op whose mask lies over `[count, width]`. */
function byRows<P extends Drawing & { readonly count: number }>(
  kase: KernelCase<P>,
  rows: readonly string[],
  width: (problem: P) => number,
): Cut<P> {
  return {
    kase,
    rows,
    places: ({ count }) => Array.from({ length: count + 1 }, (_, r) => r),
    part: (problem, from, to) => ({ ...problem, count: to - from, first: problem.first + from * width(problem) }),
  };
}

/** The name here of a simd backend whose products a native library makes. */
const BY_LIBRARY = 'simd by a library';

/** Roundings, of drawn sizes at most a few 1e-5; a wrong bit of a mask is an error of the size of an element. */
const BOUND = 1e-4;

const cuts = [
  hidden(byRows(dropoutCase, ['x'], ({ width }) => width)),
  hidden(byRows(uniformIntegersCase, [], () => 1)),
  hidden(byRows(embedTokensCase, ['ids', 'positions'], ({ width }) => width)),
  hidden(byRows(gatedNormCase, ['u', 'x'], ({ width }) => width)),
  hidden({ ...byRows(gatedNormLinearCase, ['u', 'x', 'residual'], ({ width }) => width), exact: ['simd'] }),
  hidden({
    exact: ['simd'],
    ...byRows(linearLayerCase, ['x', 'residual'], ({ outputs }) => outputs),
    unread: ({ follows }) => (follows === 'residual' ? [] : ['residual']),
  }),
  hidden({
    exact: ['simd', BY_LIBRARY, 'webgpu'],
    kase: causalCase,
    rows: ['q', 'k', 'v'],
    summed: ['dq'],
    places: ({ lengths }) => [...new Set(offsetsFor(lengths))],
    part: (problem, from, to) => {
      const offsets = offsetsFor(problem.lengths);
      const lengths = problem.lengths.filter((_, b) => offsets[b] >= from && offsets[b + 1] <= to);
      return { ...problem, lengths, first: problem.first + from * problem.heads };
    },
  }),
];

/** Its problem type is hidden, so that cuts of different problems fit in one list. */
function hidden<P extends Drawing>(cut: Cut<P>): { readonly name: string; readonly check: () => Promise<void> } {
  return {
    name: cut.kase.name,
    check: () =>
      fc.assert(
        fc.asyncProperty(cut.kase.problem.map(dropping), fc.nat(), (problem, at) => checkCut(cut, problem, at)),
        runs(25),
      ),
  };
}

/** Every op with a stream over a batch, and over its two parts. */
export const parts: readonly { readonly name: string; readonly check: () => Promise<void> }[] = cuts;

async function checkCut<P extends Drawing>(cut: Cut<P>, problem: P, at: number): Promise<void> {
  const { kase, rows, places, part, exact, summed = [] } = cut;
  const starts = places(problem);
  const count = starts[starts.length - 1];
  const middle = starts[at % starts.length];
  const arrays = kase.arrays(problem);
  const whole = await evaluate(cut, problem, arrays, [0, count]);
  const halves = [];
  for (const [from, to] of [
    [0, middle],
    [middle, count],
  ] as const) {
    if (to > from)
      halves.push(await evaluate(cut, part(problem, from, to), rowsOf(arrays, rows, from, to), [from, to]));
  }
  for (const [name, values] of Object.entries(whole)) {
    const joined = halves.flatMap((half) => Array.from(half[name]));
    const what = `${kase.name}, ${name}: parts before and from row ${middle} of ${count}`;
    if (summed.includes(name) || (exact !== undefined && !exact.includes(backendName()))) {
      assertClose(what, joined, values, { bound: BOUND, floor: 1 });
      continue;
    }
    const [ours, theirs] = [bits(joined), bits(values)];
    const wrong = theirs.findIndex((word, i) => word !== ours[i]);
    if (ours.length !== theirs.length || wrong >= 0) {
      throw new Error(`${what}: expected the bits of the whole; got ${joined[wrong]} for ${values[wrong]} at ${wrong}`);
    }
  }
}

function backendName(): string {
  const library = tf.backend() instanceof SimdBackend && backend().libraryFrom < Number.POSITIVE_INFINITY;
  return library ? BY_LIBRARY : tf.getBackend();
}

/** Some that the case draws have no dropout. */
const dropping = <P extends Drawing>(problem: P): P => (problem.rate === 0 ? { ...problem, rate: 0.5 } : problem);

const bits = (values: ArrayLike<number>): BigUint64Array => new BigUint64Array(Float64Array.from(values).buffer);

/** Output and gradients of the inputs by rows; the gradient of a row of the output is the same in every part. */
async function evaluate<P extends Drawing>(
  { kase, rows, unread }: Cut<P>,
  problem: P,
  arrays: Arrays,
  [from, to]: readonly [number, number],
): Promise<Record<string, ArrayLike<number>>> {
  const tensors = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, upload(array)]));
  const output = kase.run(problem, tensors);
  const unused = unread?.(problem) ?? [];
  const isFloat = (name: string) => arrays[name].values instanceof Float32Array && arrays[name].values.length > 0;
  const names = rows.filter((name) => isFloat(name) && !unused.includes(name));
  const result: Record<string, ArrayLike<number>> = {};
  if (names.length > 0) {
    const width = output.size / (to - from);
    const dy = tf.tensor(floats(77, 77, to * width).subarray(from * width), output.shape);
    const differentiate = tf.grads((...xs: tf.Tensor[]) =>
      kase.run(problem, { ...tensors, ...Object.fromEntries(names.map((name, i) => [name, xs[i]])) }),
    );
    const gradients = differentiate(
      names.map((name) => tensors[name]),
      dy,
    );
    for (const [i, gradient] of gradients.entries()) result[`d${names[i]}`] = await take(gradient);
    dy.dispose();
  }
  result.output = await take(output);
  tf.dispose(Object.values(tensors));
  return result;
}

function rowsOf(arrays: Arrays, rows: readonly string[], from: number, to: number): Arrays {
  const cut = ({ shape, values }: HostTensor): HostTensor => {
    const width = tf.util.sizeFromShape(shape.slice(1));
    return { shape: [to - from, ...shape.slice(1)], values: values.slice(from * width, to * width) };
  };
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [name, rows.includes(name) ? cut(array) : array]),
  );
}
