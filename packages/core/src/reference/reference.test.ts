import fc from 'fast-check';
import { expect, it } from 'vitest';
import { philox4x32 as philoxOnNumbers } from '../random/streams.ts';
import * as ref from './index.ts';

// Finite differences check the hand-derived gradients: central differences in float64, so the
// error is about h^2 + eps / h.
const H = 1e-5;
const BOUND = 1e-7;

const sizes = fc.record({
  lengths: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 3 }),
  heads: fc.integer({ min: 1, max: 2 }),
  queryWidth: fc.integer({ min: 1, max: 4 }),
  valueWidth: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
});
const options = { numRuns: 25, seed: 20_240_217 };

/** Numbers in (-1, 1) from the reference stream. */
function numbers(seed: number, name: number, count: number): Float64Array {
  return Float64Array.from(ref.streamWords({ k0: seed, k1: name, step: 0 }, count), (word) => word / 2 ** 31 - 1);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Compares `gradient` with central differences of `loss` around `x`, relative to the largest entry. */
function checkGradient(x: Float64Array, gradient: ArrayLike<number>, loss: (x: Float64Array) => number): void {
  const numeric = Array.from(x, (_, i) => {
    const up = x.slice();
    const down = x.slice();
    up[i] += H;
    down[i] -= H;
    return (loss(up) - loss(down)) / (2 * H);
  });
  const size = Math.max(1, ...numeric.map(Math.abs));
  expect(gradient.length).toBe(x.length);
  for (let i = 0; i < x.length; i++) expect(Math.abs(gradient[i] - numeric[i]) / size).toBeLessThan(BOUND);
}

const rows = fc.record({
  count: fc.integer({ min: 0, max: 4 }),
  width: fc.integer({ min: 1, max: 6 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

it('silu, layer norm and L2 normalisation', () => {
  fc.assert(
    fc.property(rows, ({ count, width, seed }) => {
      const x = numbers(seed, 0, count * width);
      const dy = numbers(seed, 1, count * width);
      checkGradient(x, ref.siluGrad(x, dy), (z) => dot(ref.silu(z), dy));
      checkGradient(x, ref.layerNormGrad(x, dy, width, 0.1), (z) => dot(ref.layerNorm(z, width, 0.1), dy));
      checkGradient(x, ref.l2NormalizeGrad(x, dy, width, 1e-9), (z) => dot(ref.l2Normalize(z, width, 1e-9), dy));
      checkGradient(x, ref.l2NormalizeGrad(x, dy, width, 9), (z) => dot(ref.l2Normalize(z, width, 9), dy));
    }),
    options,
  );
});

it('rmsNorm: the square of a row has mean 1, a row of zeros stays zero, and gradients', () => {
  fc.assert(
    fc.property(rows, ({ count, width, seed }) => {
      const x = numbers(seed, 0, count * width);
      const dy = numbers(seed, 1, count * width);
      const y = ref.rmsNorm(x, width, 1e-12);
      for (let start = 0; start < x.length; start += width) {
        const squares = y.slice(start, start + width).reduce((sum, value) => sum + value * value, 0);
        expect(squares / width).toBeCloseTo(1, 6);
      }
      checkGradient(x, ref.rmsNormGrad(x, dy, width, 1e-3), (z) => dot(ref.rmsNorm(z, width, 1e-3), dy));
    }),
    options,
  );
  const zeros = new Float64Array(3);
  expect([...ref.rmsNorm(zeros, 3, 0.25)]).toEqual([0, 0, 0]);
  expect([...ref.rmsNormGrad(zeros, [1, 2, 3], 3, 0.25)]).toEqual([2, 4, 6]);
});

it('SiLU with a split', () => {
  const blocks = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(rows, blocks, ({ count, seed }, widths) => {
      const z = numbers(seed, 0, count * widths.reduce((a, b) => a + b, 0));
      const dys = widths.map((width, i) => numbers(seed, i + 1, count * width));
      const loss = (x: Float64Array) => ref.siluSplit(x, widths).reduce((sum, y, i) => sum + dot(y, dys[i]), 0);
      checkGradient(z, ref.siluSplitGrad(z, dys, widths), loss);
    }),
    options,
  );
});

it('SiLU with a split takes blocks of columns in order', () => {
  const [first, second] = ref.siluSplit([1, 2, 3, 4, 5, 6], [1, 2]);
  expect(first).toEqual(ref.silu([1, 4]));
  expect(second).toEqual(ref.silu([2, 3, 5, 6]));
});

it('gated norm, with and without dropout', () => {
  fc.assert(
    fc.property(rows, fc.boolean(), ({ count, width, seed }, drops) => {
      const u = numbers(seed, 0, count * width);
      const x = numbers(seed, 1, count * width);
      const dy = numbers(seed, 2, count * width);
      const rate = drops ? 0.4 : 0;
      const keep = ref.dropoutKeep({ k0: seed, k1: 9, step: 2 }, rate, count * width);
      const input = { u, x, width, epsilon: 0.1, rate, keep };
      const { du, dx } = ref.gatedNormGrad(input, dy);
      checkGradient(u, du, (z) => dot(ref.gatedNorm({ ...input, u: z }), dy));
      checkGradient(x, dx, (z) => dot(ref.gatedNorm({ ...input, x: z }), dy));
    }),
    options,
  );
});

it('the ways into and out of an HSTU layer', () => {
  const blocks = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(rows, blocks, ({ count, width, seed }, sizes) => {
      const outputs = sizes.reduce((a, b) => a + b, 0);
      const x = numbers(seed, 0, count * width);
      const w = numbers(seed, 1, width * outputs);
      const way = { x, w, width, sizes, epsilon: 0.1 };
      const dys = sizes.map((size, i) => numbers(seed, i + 2, count * size));
      const into = (input: typeof way) => ref.normSiluSplit(input).reduce((sum, y, i) => sum + dot(y, dys[i]), 0);
      const { dx, dw } = ref.normSiluSplitGrad(way, dys);
      checkGradient(x, dx, (z) => into({ ...way, x: z }));
      checkGradient(w, dw, (z) => into({ ...way, w: z }));
      const keep = ref.dropoutKeep({ k0: seed, k1: 9, step: 2 }, 0.4, count * width);
      const input = {
        ...{ x, w, width, epsilon: 0.1, rate: 0.4, keep },
        u: numbers(seed, 20, count * width),
        b: numbers(seed, 21, outputs),
        residual: numbers(seed, 22, count * outputs),
      };
      const dy = numbers(seed, 23, count * outputs);
      const out = (changed: Partial<typeof input>) => dot(ref.gatedNormLinear({ ...input, ...changed }), dy);
      const gradients = ref.gatedNormLinearGrad(input, dy);
      checkGradient(input.u, gradients.du, (z) => out({ u: z }));
      checkGradient(x, gradients.dx, (z) => out({ x: z }));
      checkGradient(w, gradients.dw, (z) => out({ w: z }));
      checkGradient(input.b, gradients.db, (z) => out({ b: z }));
      checkGradient(input.residual, Float64Array.from(dy), (z) => out({ residual: z }));
    }),
    options,
  );
});

it('a linear layer', () => {
  const activations = fc.constantFrom('none' as const, 'relu' as const, 'gelu' as const);
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 4 }), activations, ({ count, width, seed }, outputs, activation) => {
      const input = {
        ...{
          width,
          activation,
          epsilon: seed % 2 === 0 ? 0 : 0.3,
          rate: 0.4,
          keep: ref.dropoutKeep({ k0: seed, k1: 3, step: 1 }, 0.4, count * outputs),
        },
        x: numbers(seed, 0, count * width),
        w: numbers(seed, 1, width * outputs),
        b: numbers(seed, 2, outputs),
        residual: numbers(seed, 3, count * outputs),
      };
      const dy = numbers(seed, 4, count * outputs);
      const dRows = numbers(seed, 5, count * width);
      const out = (changed: Partial<typeof input>) => dot(ref.linearLayer({ ...input, ...changed }), dy);
      const { dx, dw, db } = ref.linearLayerGrad(input, dy, dRows);
      checkGradient(input.x, dx, (z) => out({ x: z }) + dot(ref.linearLayerRows({ ...input, x: z }), dRows));
      checkGradient(input.w, dw, (z) => out({ w: z }));
      checkGradient(input.b, db, (z) => out({ b: z }));
      checkGradient(input.residual, Float64Array.from(dy), (z) => out({ residual: z }));
    }),
    options,
  );
});

it('gelu in its tanh form: known values', () => {
  const one = { w: [1], b: [0], residual: [], width: 1, rate: 0, epsilon: 0, keep: [true, true, true, true] };
  const values = ref.linearLayer({ ...one, x: [-3, 0, 1, 3], activation: 'gelu' });
  for (const [i, expected] of [-0.003637, 0, 0.841192, 2.996363].entries()) expect(values[i]).toBeCloseTo(expected, 6);
});

it('linear and embedding', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 4 }), ({ count, width, seed }, outputs) => {
      const x = numbers(seed, 0, count * width);
      const w = numbers(seed, 1, width * outputs);
      const b = numbers(seed, 2, outputs);
      const dy = numbers(seed, 3, count * outputs);
      const { dx, dw, db } = ref.linearGrad(x, w, dy, width, outputs);
      checkGradient(x, dx, (z) => dot(ref.linear(z, w, b, width, outputs), dy));
      checkGradient(w, dw, (z) => dot(ref.linear(x, z, b, width, outputs), dy));
      checkGradient(b, db, (z) => dot(ref.linear(x, w, z, width, outputs), dy));
      const ids = Int32Array.from({ length: count }, (_, t) => (t * seed) % width);
      const dRows = numbers(seed, 4, count * outputs);
      const dTable = ref.embeddingGrad(ids, dRows, outputs, width);
      checkGradient(w, dTable, (z) => dot(ref.embedding(z, ids, outputs), dRows));
    }),
    options,
  );
});

it('embedded tokens, with and without places', () => {
  fc.assert(
    fc.property(rows, fc.boolean(), ({ count, width, seed }, placed) => {
      const [items, places] = [3, 2];
      const ids = Int32Array.from({ length: count }, (_, t) => (t * seed) % items);
      const positions = Int32Array.from({ length: count }, (_, t) => t % places);
      const input = {
        ...{ table: numbers(seed, 0, items * width), ids, positions, width, scale: 1.7, rate: 0.5 },
        places: numbers(seed, 1, placed ? places * width : 0),
        keep: Array.from(numbers(seed, 2, count * width), (x) => x > 0),
      };
      const dy = numbers(seed, 3, count * width);
      const out = (changed: Partial<typeof input>) => dot(ref.embedTokens({ ...input, ...changed }), dy);
      const { dTable, dPlaces } = ref.embedTokensGrad(input, dy);
      checkGradient(input.table, dTable, (z) => out({ table: z }));
      checkGradient(input.places, dPlaces, (z) => out({ places: z }));
    }),
    options,
  );
});

it('HSTU attention, with and without bias', () => {
  fc.assert(
    fc.property(sizes, fc.boolean(), ({ lengths, heads, queryWidth, valueWidth, seed }, biased) => {
      const tokens = lengths.reduce((a, b) => a + b, 0);
      const q = numbers(seed, 0, tokens * heads * queryWidth);
      const k = numbers(seed, 1, q.length);
      const v = numbers(seed, 2, tokens * heads * valueWidth);
      const dy = numbers(seed, 3, v.length);
      const times = Int32Array.from(numbers(seed, 4, tokens), (x) => Math.floor(Math.exp(12 * Math.abs(x))));
      const input = {
        q,
        k,
        v,
        heads,
        queryWidth,
        valueWidth,
        offsets: [0, ...lengths.map((_, b) => lengths.slice(0, b + 1).reduce((a, c) => a + c, 0))],
        scale: 0.7,
        normalizer: 3,
        positionWeights: biased ? numbers(seed, 5, 13) : new Float64Array(0),
        timeWeights: biased ? numbers(seed, 6, 20) : new Float64Array(0),
        queryTimes: times.map((t) => t + 60),
        keyTimes: times,
        bucketDivisor: 0.301,
      };
      const gradients = ref.hstuAttentionGrad(input, dy);
      const loss = (changed: object) => dot(ref.hstuAttention({ ...input, ...changed }), dy);
      checkGradient(q, gradients.dq, (x) => loss({ q: x }));
      checkGradient(k, gradients.dk, (x) => loss({ k: x }));
      checkGradient(v, gradients.dv, (x) => loss({ v: x }));
      checkGradient(input.positionWeights, gradients.dPositionWeights, (x) => loss({ positionWeights: x }));
      checkGradient(input.timeWeights, gradients.dTimeWeights, (x) => loss({ timeWeights: x }));
    }),
    options,
  );
});

it('causal attention, with and without dropout', () => {
  fc.assert(
    fc.property(sizes, fc.boolean(), ({ lengths, heads, queryWidth, valueWidth, seed }, drops) => {
      const tokens = lengths.reduce((a, b) => a + b, 0);
      const q = numbers(seed, 0, tokens * heads * queryWidth);
      const k = numbers(seed, 1, q.length);
      const v = numbers(seed, 2, tokens * heads * valueWidth);
      const dy = numbers(seed, 3, v.length);
      const rate = drops ? 0.4 : 0;
      const input = {
        q,
        k,
        v,
        heads,
        queryWidth,
        valueWidth,
        offsets: [0, ...lengths.map((_, b) => lengths.slice(0, b + 1).reduce((a, c) => a + c, 0))],
        scale: 1.3,
        rate,
        keep: ref.attentionKeep({ k0: seed, k1: 9, step: 2 }, rate, heads),
      };
      const gradients = ref.causalAttentionGrad(input, dy);
      const loss = (changed: object) => dot(ref.causalAttention({ ...input, ...changed }).out, dy);
      checkGradient(q, gradients.dq, (x) => loss({ q: x }));
      checkGradient(k, gradients.dk, (x) => loss({ k: x }));
      checkGradient(v, gradients.dv, (x) => loss({ v: x }));
    }),
    options,
  );
});

it('sampled softmax, with accidental hits', () => {
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      ({ count, width, seed }, numNegatives, corrected) => {
        const numItems = 4;
        const stream = { k0: seed, k1: 0, step: 0 };
        const queries = numbers(seed, 1, count * width);
        const items = numbers(seed, 2, numItems * width);
        const dLoss = numbers(seed, 3, count);
        const input = {
          queries,
          items,
          positives: ref.uniformIntegers(stream, count, 0, numItems),
          negatives: ref.uniformIntegers({ ...stream, step: 1 }, count * numNegatives, 0, numItems),
          logQ: corrected ? numbers(seed, 4, numItems) : new Float64Array(0),
          width,
          numNegatives,
          temperature: 0.5,
        };
        const { dQueries, dItems } = ref.sampledSoftmaxGrad(input, dLoss);
        const loss = (changed: object) => dot(ref.sampledSoftmax({ ...input, ...changed }).loss, dLoss);
        checkGradient(queries, dQueries, (x) => loss({ queries: x }));
        checkGradient(items, dItems, (x) => loss({ items: x }));
      },
    ),
    options,
  );
});

it('AdamW: a hand-computed first step', () => {
  const constants = { learningRate: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.5 };
  const { param, m, v } = ref.adamWStep({ param: [2], m: [0], v: [0] }, [-4], 1, constants);
  // The first bias-corrected step is lr * sign(g): 2 * (1 - 0.05) + 0.1.
  expect(param[0]).toBeCloseTo(2, 8);
  expect(m[0]).toBeCloseTo(-0.4, 12);
  expect(v[0]).toBeCloseTo(0.32, 12);
});

it('the big-integer Philox equals the one on numbers', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
      const out = new Uint32Array(4);
      philoxOnNumbers(...counter, ...key, out);
      expect(ref.philox4x32(counter, key)).toEqual(Array.from(out));
    }),
  );
});

it('gated recurrence', () => {
  const problems = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }).map((counts) => counts.sort((a, b) => b - a)),
    width: fc.integer({ min: 1, max: 3 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(problems, ({ sizes: alive, width, seed }) => {
      const tokens = alive.reduce((sum, size) => sum + size, 0);
      const given = {
        x: numbers(seed, 0, tokens * 3 * width),
        weight: numbers(seed, 1, 3 * width * width),
        bias: numbers(seed, 2, 3 * width),
      };
      const dy = numbers(seed, 3, tokens * width);
      const gradients = ref.gatedRecurrenceGrad({ ...given, sizes: alive, width }, dy);
      for (const name of ['x', 'weight', 'bias'] as const) {
        checkGradient(given[name], gradients[name], (values) =>
          dot(ref.gatedRecurrence({ ...given, [name]: values, sizes: alive, width }), dy),
        );
      }
    }),
    options,
  );
});
