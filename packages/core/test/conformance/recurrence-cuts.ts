// A sequence that is cut and goes on from its last state has the bits of the whole one, whatever lies beside it.
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { gatedRecurrence } from '../../src/index.ts';
import { floats, offsetsFor, runs, seeds, total, widths } from './arbitraries.ts';
import { assertClose, take } from './compare.ts';

/** Backends with equal bits; on the others the number of rows decides how a product adds. */
const EXACT: readonly string[] = ['simd'];
const BOUND = 5e-6;

interface CutProblem {
  readonly lengths: readonly number[];
  readonly width: number;
  /** For each sequence in turn, the part of it that the first call has. */
  readonly cuts: readonly number[];
  /** Order of sequences of one length in a call. */
  readonly turn: number;
  readonly seed: number;
}

const problem: fc.Arbitrary<CutProblem> = fc.record({
  // Enough for several tasks now and then, whose last rows are no whole tile.
  lengths: fc.oneof(
    fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 9 }),
    fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 10, maxLength: 30 }),
  ),
  width: widths,
  cuts: fc.array(fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })), {
    minLength: 1,
    maxLength: 9,
  }),
  turn: fc.nat(29),
  seed: seeds,
});

/** Tokens `from .. to - 1` of a packed batch, one after the other, and the state before them. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly before?: Float32Array;
}

interface Model {
  readonly x: Float32Array;
  readonly weight: tf.Tensor;
  readonly bias: tf.Tensor;
  readonly width: number;
}

/**
 * One call over the pieces, its states in the rows of their tokens; `begun`: with `initial`, zeros where none is given.
 */
async function run(pieces: readonly Piece[], model: Model, states: Float32Array, begun: boolean): Promise<void> {
  const { x, weight, bias, width } = model;
  const alive = pieces.filter(({ from, to }) => to > from).toSorted((a, b) => b.to - b.from - (a.to - a.from));
  const steps = Math.max(0, ...alive.map(({ from, to }) => to - from));
  const perStep = Array.from({ length: steps }, (_, s) => alive.filter(({ from, to }) => from + s < to));
  const rows = perStep.flatMap((left, s) => left.map(({ from }) => from + s));
  const input = new Float32Array(rows.length * 3 * width);
  for (const [r, row] of rows.entries()) input.set(x.subarray(row * 3 * width, (row + 1) * 3 * width), r * 3 * width);
  const initial = new Float32Array(alive.length * width);
  for (const [i, { before }] of alive.entries()) if (before !== undefined) initial.set(before, i * width);
  const result = tf.tidy(() =>
    gatedRecurrence(
      tf.tensor2d(input, [rows.length, 3 * width]),
      { weight, bias },
      perStep.map((left) => left.length),
      begun ? tf.tensor2d(initial, [alive.length, width]) : undefined,
    ),
  );
  const values = (await take(result)) as Float32Array;
  for (const [r, row] of rows.entries()) states.set(values.subarray(r * width, (r + 1) * width), row * width);
}

async function checkProblem({ lengths, width, cuts, turn, seed }: CutProblem): Promise<void> {
  const tokens = total(lengths);
  const offsets = offsetsFor(lengths);
  const model: Model = {
    x: floats(seed, 0, tokens * 3 * width),
    weight: tf.tensor2d(floats(seed, 1, 3 * width * width, width ** -0.5), [3 * width, width]),
    bias: tf.tensor1d(floats(seed, 2, 3 * width, 0.5)),
    width,
  };
  const whole = lengths.map((_, b): Piece => ({ from: offsets[b], to: offsets[b + 1] }));
  const turned = <T>(list: readonly T[]): T[] => {
    const by = turn % list.length;
    return [...list.slice(by), ...list.slice(0, by)];
  };
  const [expected, fromZeros, cut] = Array.from({ length: 3 }, () => new Float32Array(tokens * width));
  await run(whole, model, expected, false);
  await run(whole, model, fromZeros, true);
  const places = lengths.map((length, b) => offsets[b] + Math.floor(length * cuts[b % cuts.length]));
  await run(turned(whole.map(({ from }, b) => ({ from, to: places[b] }))), model, cut, false);
  const rest = whole.map(({ from, to }, b): Piece => {
    const at = places[b];
    return { from: at, to, before: at > from ? cut.slice((at - 1) * width, at * width) : undefined };
  });
  await run(turned(rest), model, cut, true);
  tf.dispose([model.weight, model.bias]);
  const limit = { bound: EXACT.includes(tf.getBackend()) ? 0 : BOUND, floor: 1 };
  assertClose('gatedRecurrence from rows of zeros', fromZeros, expected, limit);
  assertClose(`gatedRecurrence cut before ${places}`, cut, expected, limit);
}

export function checkRecurrenceCuts(): Promise<void> {
  return fc.assert(fc.asyncProperty(problem, checkProblem), runs(40));
}
