import { integers, streamKey, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { easeBaseline, easeBytes } from './ease.ts';
import { inverseError, inverseOfPositiveDefinite } from './inverse.ts';
import { drawnSequences, trainingSet } from './test-support/sequences.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The formula in float64: Gauss-Jordan with the largest pivot, no blocks. */
function reference(sequences: readonly (readonly number[])[], numItems: number, lambda: number): number[][] {
  const a = Array.from({ length: numItems }, (_, i) =>
    Array.from({ length: 2 * numItems }, (_, j) => (i === j ? lambda : 0) + (j === numItems + i ? 1 : 0)),
  );
  for (const items of sequences) for (const i of new Set(items)) for (const j of new Set(items)) a[i][j]++;
  for (let k = 0; k < numItems; k++) {
    const largest = a.reduce((best, row, i) => (i >= k && Math.abs(row[k]) > Math.abs(a[best][k]) ? i : best), k);
    [a[k], a[largest]] = [a[largest], a[k]];
    const pivot = a[k][k];
    a[k] = a[k].map((value) => value / pivot);
    for (let i = 0; i < numItems; i++) {
      if (i === k) continue;
      const factor = a[i][k];
      a[i] = a[i].map((value, j) => value - factor * a[k][j]);
    }
  }
  const p = a.map((row) => row.slice(numItems));
  return p.map((row, i) => row.map((value, j) => (i === j ? 0 : -value / p[j][j])));
}

/** Row `item` of B as the scorer has it: the scores of a history of that item alone. */
const weightsOf = (scorer: { score(history: Int32Array, out: Float64Array): void }, item: number, numItems: number) => {
  const out = new Float64Array(numItems + 1);
  scorer.score(Int32Array.of(item + 1), out);
  return [...out.subarray(1)];
};

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThan(bound);
}

describe('EASE', () => {
  it('has the weights and scores of the golden file, made in numpy from the formula', async () => {
    const sequences = [
      [5, 0, 6, 5, 6, 6, 1, 1, 2],
      [0, 4, 2, 0],
      [2, 5, 4, 2, 2, 1, 0],
      [0, 7],
      [7, 1, 5, 2, 7, 3],
      [3, 6, 0, 0, 6, 7, 1, 6],
    ];
    const scorer = await easeBaseline(trainingSet(sequences, 8), { lambda: 2.5 });
    const rowOfItem0 = [0, 0.130252844688, 0.173663158461, -0.052133335738, 0.231145785977, 0.0138403773566];
    const rowOfItem7 = [0.23450506675, 0.114620287906, -0.0217210842238, 0.285329442776, -0.0954640777838];
    expectClose(weightsOf(scorer, 0, 8).slice(0, 6), rowOfItem0, 1e-6);
    expectClose(weightsOf(scorer, 7, 8).slice(0, 5), rowOfItem7, 1e-6);
    const scores = new Float64Array(9);
    scorer.score(
      Int32Array.from(sequences[0], (item) => item + 1),
      scores,
    );
    const expected = [
      0.681694825428, 0.814196489944, 0.679131113564, 0.27880636854, 0.356421123642, 0.634016655672, 0.413791062153,
      0.31975496932,
    ];
    expectClose(scores.subarray(1), expected, 1e-6);
  });

  it.each([0.5, 20, 500])(
    'lambda %d: is the plain float64 formula, zero diagonal, zero for unseen items',
    async (l) => {
      const [numItems, sequences] = [40, drawnSequences(60, 40, 3)];
      const scorer = await easeBaseline(trainingSet(sequences, numItems), { lambda: l });
      const expected = reference(sequences, numItems, l);
      const seen = new Set(sequences.flat());
      expect(seen.size).toBeLessThan(numItems);
      for (let item = 0; item < numItems; item++) {
        const row = weightsOf(scorer, item, numItems);
        expectClose(row, expected[item], 2e-6);
        expect(row[item]).toBe(0);
        if (!seen.has(item)) expect(row.every((value) => value === 0)).toBe(true);
      }
    },
  );

  it('counts an item of the history once, whatever its order', async () => {
    const scorer = await easeBaseline(trainingSet(drawnSequences(30, 10, 1), 10), { lambda: 3 });
    const [a, b] = [new Float64Array(11), new Float64Array(11)];
    scorer.score(Int32Array.of(1, 2, 3, 4, 5), a);
    scorer.score(Int32Array.of(5, 5, 4, 3, 1, 2, 1), b);
    for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 12);
  });

  it('refuses a lambda that is not above zero', async () => {
    const train = trainingSet([[0, 1]], 2);
    await expect(easeBaseline(train, { lambda: 0 })).rejects.toThrow('ease: lambda: expected a number above 0; got 0');
  });

  it('refuses an inverse that float32 cannot hold, rather than score with it', async () => {
    // Items 0 and 1 always come together: without lambda the matrix has no inverse.
    const train = trainingSet(Array(50).fill([0, 1, 2]), 3);
    await expect(easeBaseline(train, { lambda: 1e-9 })).rejects.toThrow('use a larger lambda');
  });

  it('is the same on simd, over more than one block', async () => {
    const [numItems, train] = [900, trainingSet(drawnSequences(2500, 900, 4), 900)];
    const onCpu = await easeBaseline(train, { lambda: 30 });
    await useBackend('simd');
    const onSimd = await easeBaseline(train, { lambda: 30 });
    await tf.setBackend('cpu');
    for (const item of [0, 3, 40, 511, 620])
      expectClose(weightsOf(onSimd, item, numItems), weightsOf(onCpu, item, numItems), 1e-6);
  });

  it('tells its memory', () => {
    expect(easeBytes(trainingSet([[0, 1, 2]], 9))).toBeGreaterThan(0);
  });
});

describe('inverse of a positive definite matrix', () => {
  it.each([1, 7, 8, 9, 23])('size %i in blocks of 8', async (size) => {
    const draws = integers(streamKey(1, 'matrix'), size, size * size, -100, 201);
    const at = (i: number, j: number): number => {
      let sum = i === j ? size : 0;
      for (let t = 0; t < size; t++) sum += (draws[i * size + t] * draws[j * size + t]) / 1e4;
      return sum;
    };
    const seen: string[] = [];
    const inverse = await inverseOfPositiveDefinite({
      size,
      block: 8,
      writeRow: (row, out) => {
        for (let j = 0; j <= row; j++) out[j] = at(row, j);
      },
      onProgress: ({ done, total }) => seen.push(`${done}/${total}`),
    });
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let product = 0;
        for (let t = 0; t < size; t++) product += at(i, t) * inverse[t * size + j];
        expect(product).toBeCloseTo(i === j ? 1 : 0, 4);
        expect(inverse[i * size + j]).toBeCloseTo(inverse[j * size + i], 8);
      }
    }
    expect(seen.at(-1)).toBe(`${Math.ceil(size / 8)}/${Math.ceil(size / 8)}`);
  });

  it('its error is that of the product with the matrix, and not a number when it is not', () => {
    const times = (vector: Float64Array): Float64Array => vector.map((value) => 4 * value);
    const scaled = (value: number) => Float32Array.of(value, 0, 0, 0, value, 0, 0, 0, value);
    expect(inverseError(scaled(0.25), 3, times)).toBe(0);
    expect(inverseError(scaled(0.3), 3, times)).toBeCloseTo(0.2, 6);
    expect(inverseError(scaled(Number.NaN), 3, times)).toBeNaN();
  });

  it('leaves no tensor, also when the matrix is not positive definite', async () => {
    const before = tf.memory().numTensors;
    const writeRow = (row: number, out: Float32Array): void => {
      out[row] = row === 5 ? -1 : 1;
    };
    await expect(inverseOfPositiveDefinite({ size: 9, block: 4, writeRow })).rejects.toThrow(
      'inverse: expected a positive definite matrix; got a pivot of -1 in row 5; use a larger lambda',
    );
    const diagonal = (row: number, out: Float32Array): void => {
      out[row] = 2;
    };
    await inverseOfPositiveDefinite({ size: 9, block: 4, writeRow: diagonal });
    expect(tf.memory().numTensors).toBe(before);
  });
});
