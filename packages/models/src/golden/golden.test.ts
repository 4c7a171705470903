import { readdirSync, readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { GoldenError } from '../errors.ts';
import { paddedHstu } from '../test-support/padded-hstu.ts';
import { checkGolden, defineGoldenCheck, goldenKinds } from './check.ts';
import { goldenChecks, goldenKindsToCome } from './kinds.ts';
import { parseGolden } from './parse.ts';
import { relativeError } from './relative-error.ts';
import { float32Tolerance, type GoldenReport, goldenReport } from './report.ts';
import { runGolden } from './run.ts';

const folder = new URL('./fixtures/', import.meta.url);
const modules = [
  'fuxi-alpha.json',
  'gru.json',
  'ligr.json',
  'llama-square.json',
  'llama.json',
  'pre-norm-transformer.json',
];
const training = [
  'adagrad.json',
  'adam-clipped.json',
  'adamw.json',
  'logq-losses.json',
  'losses-bce-gbce-softmax.json',
  'muon-variants.json',
  'muon.json',
  'rowwise-adagrad.json',
  'schedules.json',
  'weight-average.json',
];
const files = readdirSync(folder).filter((file) => file.endsWith('.json') && ![...modules, ...training].includes(file));
const read = (file: string): Record<string, unknown> => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));

it('has the four files of encoders, six of modules and ten of training', () => {
  expect(readdirSync(folder).filter((file) => training.includes(file))).toEqual(training);
  expect(readdirSync(folder).filter((file) => modules.includes(file))).toEqual(modules);
  expect(files).toEqual(['hstu-1x1.json', 'hstu-2x2-gain.json', 'hstu-2x2.json', 'sasrec-2x2.json']);
});

// 'auto' is the fastest backend of this machine, usually our fused kernels.
describe.each(['cpu', 'auto'] as const)('golden vectors of the reference on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(files)('%s agrees in outputs, loss and every gradient', async (file) => {
    const golden = parseGolden(read(file));
    const before = tf.memory().numTensors;
    const report = await runGolden(golden);
    expect(tf.memory().numTensors).toBe(before);
    if (process.env.SEQREC_PRINT) console.log(tf.getBackend(), report);
    expect(report.maxima.outputs).toBeLessThan(1e-5);
    expect(report.maxima.loss).toBeLessThan(1e-5);
    expect(report.maxima.gradients).toBeLessThan(1e-4);
    expect(Object.keys(report.gradients)).toEqual(Object.keys(golden.gradients));
  });

  it.each([
    { numHeads: 3, dqk: 5, dv: 2, embeddingDim: 7, maxSequenceLength: 9, lengths: [9, 1, 4] },
    { numHeads: 1, dqk: 2, dv: 9, embeddingDim: 10, maxSequenceLength: 70, lengths: [70, 33] },
    // Longer than maxSequenceLength, but inside the padded columns.
    { numHeads: 2, dqk: 3, dv: 3, embeddingDim: 6, maxSequenceLength: 4, lengths: [14, 2] },
  ])('agrees with float64 on padded matrices: %j', async (sizes) => {
    const golden = parseGolden(paddedHstu({ numItems: 30, numNegatives: 5, ...sizes }));
    const { maxima } = await runGolden(golden);
    expect(maxima.outputs).toBeLessThan(1e-5);
    expect(maxima.loss).toBeLessThan(1e-5);
  });

  it.each(modules)('%s, a module of a reference, agrees in outputs, loss and every gradient', async (file) => {
    const json = read(file);
    const before = tf.memory().numTensors;
    const report = (await checkGolden(json)) as GoldenReport;
    expect(tf.memory().numTensors).toBe(before);
    if (process.env.SEQREC_PRINT) console.log(tf.getBackend(), report);
    for (const of of ['outputs', 'loss', 'gradients'] as const) {
      expect(report.tolerance[of], of).toBeLessThan(1e-4);
      expect(report.maxima[of], of).toBeLessThan(report.tolerance[of]);
    }
    expect(Object.keys(report.gradients)).toEqual([...Object.keys(json.gradients as object), 'x']);
  });

  it.each(training)('%s agrees in every number, and every changed number is noticed', async (file) => {
    const json = read(file) as { outputs: Record<string, unknown> };
    const before = tf.memory().numTensors;
    const report = (await checkGolden(json)) as GoldenReport;
    expect(tf.memory().numTensors).toBe(before);
    if (process.env.SEQREC_PRINT) console.log(tf.getBackend(), report);
    expect(report.tolerance.outputs).toBeLessThan(1.1e-5);
    expect(report.maxima.outputs).toBeLessThan(report.tolerance.outputs);
    expect(report.maxima.gradients).toBeLessThan(report.tolerance.gradients);
    const { outputs } = json;
    delete outputs.nativeBfloat16;
    const places = placesOf(outputs);
    expect(Object.keys(report.outputs)).toHaveLength(places.length);
    for (const [holder, at] of places.filter((_, i) => i % 3 === 0)) {
      const kept = holder[at];
      holder[at] += 0.1;
      const { maxima } = (await checkGolden(json)) as GoldenReport;
      expect(maxima.outputs).toBeGreaterThan(report.tolerance.outputs);
      holder[at] = kept;
    }
  });

  it.each(modules)('%s: one changed number of any parameter is noticed', async (file) => {
    const { gradients } = read(file) as unknown as { gradients: Record<string, { data: number[] }> };
    for (const [name, { data }] of Object.entries(gradients)) {
      const at = data.reduce((best, value, i) => (Math.abs(value) > Math.abs(data[best]) ? i : best), 0);
      // Steps that are nothing in exact arithmetic, as the bias of keys before a softmax, cannot be seen.
      if (data[at] === 0) continue;
      const changed = read(file) as unknown as { parameters: Record<string, { data: number[] }> };
      changed.parameters[name].data[at] += 0.01;
      const { maxima, tolerance } = (await checkGolden(changed)) as GoldenReport;
      expect(maxima.loss > tolerance.loss || maxima.outputs > tolerance.outputs, name).toBe(true);
    }
  });

  it('notices one changed parameter', async () => {
    const golden = parseGolden(read('hstu-2x2-gain.json'));
    golden.parameters['_hstu._attention_layers.1._rel_attn_bias._ts_w'].data[30] += 0.1;
    const report = await runGolden(golden);
    expect(report.maxima.outputs).toBeGreaterThan(1e-5);
  });
});

describe('checkGolden', () => {
  const gru = (): Record<string, unknown> => read('gru.json');
  it.each([
    [
      'an unknown kind',
      { kind: 'grü' },
      'golden: kind: expected one of hstu, sasrec, gru, llama, ligr, fuxi-alpha, logq, losses, sce, optimizer, schedule, weight-average, calibrators, metrics, ranking-heads, fuxictr, fuxictr-long, fuxictr-training, hetero-attention, hstu-mask, hstu-position, hstu-ranker, hstu-requests, stu, transact, t5, t5-buckets, t5-semantic-ids, or one still to come; got "grü"',
    ],
    ['no kind', { kind: undefined }, 'golden: kind: expected one of'],
    ['a missing loss', { loss: undefined }, 'golden: loss: '],
    [
      'a configuration of another size',
      { config: { inputDim: 4, hiddenDim: 7, layers: 1 } },
      'golden: weight_ih_l0: expected 84 numbers; got fewer',
    ],
    ['a configuration without a size', { config: { inputDim: 4 } }, 'golden: config.hiddenDim: '],
    ['inputs without x', { inputs: {} }, 'golden: x: expected this tensor; got '],
    [
      'another layer',
      { config: { inputDim: 4, hiddenDim: 5, layers: 2 } },
      'golden: weight_ih_l1: expected this tensor',
    ],
  ])('refuses %s', async (_, change, message) => {
    const checked = checkGolden({ ...gru(), ...change });
    await expect(checked).rejects.toThrow(GoldenError);
    await expect(checkGolden({ ...gru(), ...change })).rejects.toThrow(message);
  });

  it('names what is still to come', async () => {
    expect(await checkGolden({ name: 'a', kind: 'mol' })).toEqual({ name: 'a', notYet: 'no mixture of logits' });
  });

  it('takes the files of encoders too', async () => {
    expect(await checkGolden(read('hstu-1x1.json'))).toMatchObject({
      name: 'hstu-1x1',
      tolerance: { gradients: 1e-4 },
    });
  });
});

/** Of every number and every list of numbers in a part of a file: where its first number is. */
function placesOf(part: Readonly<Record<string, unknown>>): [Record<string, number>, string][] {
  return Object.entries(part).flatMap(([key, value]) => {
    if (typeof value !== 'object' || value === null) return [[part as Record<string, number>, key]];
    const list = 'data' in value ? value.data : value;
    const numbers = Array.isArray(list) && list.every((each) => typeof each === 'number');
    return numbers ? [[list as unknown as Record<string, number>, '0']] : placesOf(value as Record<string, unknown>);
  });
}

describe('defineGoldenCheck', () => {
  const report = goldenReport('a', { outputs: { y: 0.5 } }, float32Tolerance());

  it('adds a kind, also one that was still to come', async () => {
    expect(goldenKinds()).toEqual(Object.keys(goldenChecks));
    for (const kind of ['mine', 'letter']) {
      defineGoldenCheck(kind, async ({ name }) => (name === 'later' ? 'no tables' : report));
      expect(goldenKinds()).toContain(kind);
      expect(await checkGolden({ name: 'a', kind })).toBe(report);
      expect(await checkGolden({ name: 'later', kind })).toEqual({ name: 'later', notYet: 'no tables' });
    }
  });

  it.each(['hstu', 'gru', ''])("refuses '%s'", (kind) => {
    const define = () => defineGoldenCheck(kind, async () => report);
    expect(define).toThrow(GoldenError);
    expect(define).toThrow(`defineGoldenCheck: expected a kind without a check; got '${kind}'; taken are hstu, sasrec`);
  });

  it('no kind has a check and is still to come', () => {
    expect(Object.keys(goldenKindsToCome).filter((kind) => Object.hasOwn(goldenChecks, kind))).toEqual([]);
  });
});

describe('goldenReport', () => {
  it('has the worst of each group, nothing and 0 for a group that a file does not have', () => {
    expect(goldenReport('a', { outputs: { y: 1e-7, z: 3e-7 } }, float32Tolerance({ outputs: 2 }, 2e-6))).toEqual({
      name: 'a',
      outputs: { y: 1e-7, z: 3e-7 },
      gradients: {},
      maxima: { outputs: 3e-7, loss: 0, gradients: 0 },
      tolerance: { outputs: 10, loss: 2e-6, gradients: 2e-6 },
    });
    const { maxima, loss } = goldenReport('a', { loss: 2, gradients: { w: 1, x: 3 } }, float32Tolerance());
    expect([loss, maxima]).toEqual([2, { outputs: 0, loss: 2, gradients: 3 }]);
  });

  it('refuses a report without anything compared', () => {
    expect(() => goldenReport('a', { outputs: {} }, float32Tolerance())).toThrow(
      'golden: a: expected something to compare; got no outputs, no loss and no gradients',
    );
  });

  it('allows at least 1e-6, and for gradients what the worse of both groups asks for', () => {
    expect(float32Tolerance({ loss: 1e-7, gradients: 1, inputGradients: 2 })).toEqual({
      outputs: 1e-6,
      loss: 1e-6,
      gradients: 10,
    });
  });
});

describe('parseGolden', () => {
  it.each([
    ['an unknown kind', { kind: 'gru' }, /kind/],
    ['a missing loss', { loss: undefined }, /loss/],
    ['a length beyond the columns', { lengths: [23, 5, 1] }, /negatives: expected shape \[29, 8\]|lengths\.0/],
    ['a misshapen tensor', { ids: { shape: [3, 22], data: new Array(66).fill(1) } }, /ids: expected shape \[3, 23\]/],
    ['data that does not fill the shape', { negatives: { shape: [18, 8], data: [1] } }, /negatives\.data/],
  ])('refuses %s', (_, change, message) => {
    const json = { ...read('hstu-1x1.json'), ...change };
    expect(() => parseGolden(json)).toThrow(GoldenError);
    expect(() => parseGolden(json)).toThrow(message);
  });

  it('refuses an item id outside the catalogue', () => {
    const json = read('hstu-1x1.json') as { ids: { data: number[] } };
    json.ids.data[0] = 41;
    expect(() => parseGolden(json)).toThrow('parseGolden: ids.0.0: expected an item id in 1..40; got 41');
  });
});

describe('relativeError', () => {
  it('is relative to the largest expected magnitude', () => {
    expect(relativeError([1, 2.5], [1, 2])).toBe(0.25);
    expect(relativeError([0.1], [0])).toBe(0.1);
    expect(relativeError([Number.NaN], [1])).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);
  });

  it('wants infinities and NaN where they are expected', () => {
    const expected = [Number.NEGATIVE_INFINITY, Number.NaN, 4];
    expect(relativeError([Number.NEGATIVE_INFINITY, Number.NaN, 5], expected)).toBe(0.25);
    expect(relativeError([Number.POSITIVE_INFINITY, Number.NaN, 4], expected)).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError([Number.NEGATIVE_INFINITY, 0, 4], expected)).toBe(Number.POSITIVE_INFINITY);
    expect(relativeError([1, Number.NaN, 4], expected)).toBe(Number.POSITIVE_INFINITY);
  });
});
