import { integers, normals, streamKey, uniform01 } from '@seqrec/core';
import type { ExampleSet, SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { createObjective } from '../objectives/create.ts';
import { meanLoss } from '../objectives/objective.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { plainEncoded, plainLoss } from './plain-loss.ts';
import { ITEMS, type PlainModel, type PlainSequence, type PlainTensor, POSITIONS } from './plain-maths.ts';

export const NUM_ITEMS = 7;
const TEMPERATURE = 0.3;
/** Numbers of each weight whose gradient is compared with a difference quotient. */
const PROBES = 8;
const STEP = 1e-5;

/** Largest differences between a model and its formula in float64; see {@link comparePlain}. */
export interface PlainDifferences {
  /** Of any coordinate of a unit vector. */
  readonly outputs: number;
  /** Relative. */
  readonly loss: number;
  /**
   * By weight, over the largest difference quotient of the weight, or a thousandth of the largest
   * of all where that is more.
   */
  readonly gradients: Readonly<Record<string, number>>;
}

/**
 * Builds a model, gives it weights far from where they start, and compares unit vectors, loss and gradients with
 * the plain model and central differences of the plain loss. The loss: full softmax over the items, and actions
 * where the model predicts them.
 */
export function comparePlain(config: ModelConfigInput, plain: PlainModel, seed: number): PlainDifferences {
  const model = createModel({ ...config }, { numItems: NUM_ITEMS, seed });
  const weights = drawWeights(model, seed);
  const { sequences, host } = drawBatch(model.maxSequenceLength, seed);
  const batch = uploadBatch(host);
  const run = { training: true, step: 3, seed };
  const actionWeight = model.encodeWithActions === undefined ? 0 : 0.4;
  const objective = createObjective(
    { kind: 'full-softmax', temperature: TEMPERATURE, actionWeight },
    undefined as unknown as ExampleSet,
  );
  const outputs = tf.tidy(() => model.encode(batch, { ...run, training: false }).arraySync());
  const { value, grads } = tf.variableGrads(
    () => meanLoss(objective.loss({ model, batch, drawn: {}, run })),
    [...model.variables().values()],
  );
  const options = { numItems: NUM_ITEMS, temperature: TEMPERATURE, actionWeight };
  const lossAt = () => plainLoss(plain, weights, sequences, options);
  const expected = plainEncoded(plain, weights, sequences);
  const loss = lossAt();
  const pairs = Object.entries(weights).map(([name, weight], w) => {
    const gradient = grads[model.variables().get(name)!.name].dataSync();
    return { name, pairs: probes(weight, gradient, seed + w).map((at) => [gradient[at], slope(weight, at, lossAt)]) };
  });
  const largest = Math.max(...pairs.flatMap((each) => each.pairs.map(([, right]) => Math.abs(right))));
  const gradients = pairs.map(({ name, pairs: own }) => {
    const size = Math.max(1e-3 * largest, ...own.map(([, right]) => Math.abs(right)));
    return [name, Math.max(...own.map(([left, right]) => Math.abs(left - right))) / size] as const;
  });
  const length = (values: readonly number[]): number => (model.similarity === 'dot' ? Math.hypot(...values) : 1);
  const differences = {
    outputs: Math.max(
      ...outputs.flatMap((values, t) =>
        values.map((each, d) => Math.abs(each - expected[t][d]) / Math.max(1, length(expected[t]))),
      ),
    ),
    loss: Math.abs(value.dataSync()[0] - loss) / loss,
    gradients: Object.fromEntries(gradients),
  };
  tf.dispose([value, grads]);
  batch.dispose();
  model.dispose();
  return differences;
}

/**
 * Largest difference of any coordinate of a unit vector between a model and its formula, when what enters the first
 * block is `size` times as large as in {@link comparePlain}: so small that the epsilons of the norms decide.
 */
export function compareSmall(config: ModelConfigInput, plain: PlainModel, size: number): number {
  const model = createModel({ ...config }, { numItems: NUM_ITEMS, seed: 1 });
  const weights = drawWeights(model, 1);
  for (const name of [ITEMS, POSITIONS].filter((each) => each in weights)) {
    const { data } = weights[name];
    for (const [i, value] of data.entries()) data[i] = Math.fround(size * value);
    const variable = model.variables().get(name)!;
    variable.assign(tf.tidy(() => tf.tensor(data, variable.shape)));
  }
  const { sequences, host } = drawBatch(model.maxSequenceLength, 1);
  const batch = uploadBatch(host);
  const outputs = tf.tidy(() => model.encode(batch, { training: false, step: 0, seed: 0 }).arraySync());
  const expected = plainEncoded(plain, weights, sequences);
  batch.dispose();
  model.dispose();
  return Math.max(...outputs.flatMap((values, t) => values.map((each, d) => Math.abs(each - expected[t][d]))));
}

/** `(L(w + e) - L(w - e)) / 2 e` in one number of a weight. */
function slope({ data }: PlainTensor, at: number, loss: () => number): number {
  const before = data[at];
  data[at] = before + STEP;
  const above = loss();
  data[at] = before - STEP;
  const below = loss();
  data[at] = before;
  return (above - below) / (2 * STEP);
}

/** The places of the steepest numbers and of random ones. */
function probes({ data }: PlainTensor, gradient: ArrayLike<number>, seed: number): number[] {
  const steep = [...data.keys()].sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a])).slice(0, PROBES / 2);
  const random = integers(streamKey(seed, 'probes'), 0, PROBES / 2, 0, data.length);
  return [...new Set([...steep, ...random])];
}

/** Numbers of size one, matrices such that they keep the size of a row, gains around one. */
export function drawWeights(model: TokenEncoder, seed: number): Record<string, PlainTensor> {
  const weights: Record<string, PlainTensor> = {};
  for (const [name, variable] of model.variables()) {
    const drawn = normals(streamKey(seed, `plain/${name}`), 0, variable.size);
    const width = variable.shape.length === 1 ? 4 : (variable.shape[1] as number);
    const isGain = /norm[^.]*(\.|_)weight$/.test(name);
    const data = [...drawn].map((value) => Math.fround(isGain ? 1 + 0.3 * value : value / Math.sqrt(width)));
    variable.assign(tf.tidy(() => tf.tensor(data, variable.shape)));
    weights[name] = { shape: variable.shape, data };
  }
  return weights;
}

/**
 * Three histories of random length, the longest allowed among them; gaps from none to months, ratings
 * in half stars and beyond.
 */
export function drawBatch(
  longest: number,
  seed: number,
): { readonly sequences: readonly PlainSequence[]; readonly host: SequenceBatch } {
  const key = streamKey(seed, 'plain/batch');
  const lengths = [...integers(key, 0, 2, 1, longest), longest];
  const sequences = lengths.map((length, b) => {
    const items = [...integers(key, 10 + b, length + 1, 1, NUM_ITEMS)];
    const ratings = [...integers(key, 20 + b, length, 0, 12)].map((half) => half / 2);
    let time = 1_300_000_000;
    const times = [...uniform01(key, 30 + b, length + 1)].map((u) => {
      time += u < 0.15 ? 0 : Math.floor(10 ** (7 * u));
      return time;
    });
    return {
      items: items.slice(0, length),
      targets: items.slice(1),
      times: times.slice(0, length),
      targetTimes: times.slice(1),
      ratings,
    };
  });
  const all = (name: keyof PlainSequence): number[] => sequences.flatMap((sequence) => [...sequence[name]]);
  const offsets = Int32Array.of(0, ...lengths);
  for (let b = 1; b < offsets.length; b++) offsets[b] += offsets[b - 1];
  return {
    sequences,
    host: {
      users: Int32Array.from(lengths.keys()),
      offsets,
      itemIds: Int32Array.from(all('items')),
      timestamps: Float64Array.from(all('times')),
      targets: Int32Array.from(all('targets')),
      targetTimestamps: Float64Array.from(all('targetTimes')),
      ratings: Float32Array.from(all('ratings')),
    },
  };
}
