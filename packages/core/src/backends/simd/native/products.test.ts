import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { itInFull, part } from '../../../../../../test/part.ts';
import { anyLibrary } from '../../../../test/native-library.ts';
import { backend, bytesOf, use, values } from '../../../../test/simd.ts';
import { gatedNormLinear, linearLayer, logSumExpScores, normSiluSplit } from '../../../index.ts';
import { streamKey } from '../../../random/streams.ts';
import { registerSimdBackend, removeSimdBackend, type SimdOptions } from '../index.ts';
import { libraryGrid } from '../kernels/library-grid.ts';
import { rowProducts } from '../kernels/row-blocks.ts';

const library = anyLibrary();

interface Shape {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** Blocks of rows and columns that are cut, with rests; a K in slices; batches; single rows and columns. */
const shapes: readonly Shape[] = [
  { batch: 1, m: 1, k: 1, n: 1 },
  { batch: 1, m: 3, k: 70, n: 1 },
  { batch: 1, m: 801, k: 33, n: 50 },
  { batch: 1, m: 300, k: 257, n: 1100 },
  { batch: 1, m: 50, k: 5000, n: 65 },
  { batch: 3, m: 130, k: 64, n: 200 },
  { batch: 2, m: 40, k: 4100, n: 24 },
];
const layouts = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

function operands({ batch, m, k, n }: Shape, turnA: boolean, turnB: boolean): [tf.Tensor3D, tf.Tensor3D] {
  const a = values([batch, ...(turnA ? [k, m] : [m, k])], 0) as tf.Tensor3D;
  const b = values([batch, ...(turnB ? [n, k] : [k, n])], 1) as tf.Tensor3D;
  return [a, b];
}

/** The first of a batch. */
const first = (x: tf.Tensor3D): tf.Tensor2D => tf.squeeze(tf.slice(x, 0, 1), [0]);

/** Layers whose kernels multiply between other steps: results and gradients. */
function layers(tokens: number, width: number): Uint8Array[] {
  const dropout = { rate: 0.25, stream: { key: streamKey(5, 'linear'), step: 3 } };
  const at = (shape: number[], phase: number) => values(shape, phase) as tf.Tensor2D;
  const results = tf.tidy(() => {
    const into = tf.grads((x: tf.Tensor, w: tf.Tensor) => {
      const { blocks, skip } = normSiluSplit(x as tf.Tensor2D, w as tf.Tensor2D, [width, 2 * width]);
      return tf.mul(tf.concat([...blocks, skip], 1), 0.01);
    })([at([tokens, width], 11), at([width, 3 * width], 12)]);
    const out = tf.grads((u: tf.Tensor, x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => {
      const given = { u: u as tf.Tensor2D, x: x as tf.Tensor2D, w: w as tf.Tensor2D, b: b as tf.Tensor1D };
      return tf.mul(gatedNormLinear({ ...given, residual: at([tokens, width], 13), dropout }), 0.01);
    })([at([tokens, width], 14), at([tokens, width], 15), at([width, width], 16), at([width], 17)]);
    const map = tf.grads((x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => {
      const inner = { x: x as tf.Tensor2D, w: w as tf.Tensor2D, b: b as tf.Tensor1D, norm: { epsilon: 1e-6 } };
      return tf.mul(linearLayer({ ...inner, activation: 'gelu', dropout }), 0.01);
    })([at([tokens, width], 18), at([width, width], 19), at([width], 20)]);
    const sums = tf.grads((a: tf.Tensor, b: tf.Tensor) =>
      // Scores of about one: a softmax of large ones turns roundings into other weights.
      tf.mul(logSumExpScores({ queries: tf.mul(a, 1 / width) as tf.Tensor2D, items: b as tf.Tensor2D }), 0.01),
    )([at([tokens, width], 21), at([500, width], 22)]);
    return [...into, ...out, ...map, ...sums];
  });
  return results.map(bytesOf);
}

const equalParts = (x: readonly Uint8Array[], y: readonly Uint8Array[]): boolean[] =>
  x.map((bytes, i) => Buffer.compare(bytes, y[i]) === 0);

/** Products of all shapes and layouts, with what may follow a product. */
function everything(): Uint8Array[] {
  const results = tf.tidy(() =>
    shapes.flatMap((shape) =>
      layouts.flatMap(([transposeA, transposeB]) => {
        const [a, b] = operands(shape, transposeA, transposeB);
        const bias = values([shape.n], 2) as tf.Tensor1D;
        const flat = { a: first(a), b: first(b) };
        return [
          tf.matMul(a, b, transposeA, transposeB),
          tf.fused.matMul({ ...flat, transposeA, transposeB, bias, activation: 'relu' }),
        ];
      }),
    ),
  );
  return results.map(bytesOf);
}

describe.skipIf(library === undefined)('products by a native library', () => {
  afterAll(removeSimdBackend);
  const started = (options: SimdOptions) => use({ blas: library, blasFrom: 1, ...options });

  it.each(shapes)('agree with float64 sums: $batch x $m x $k x $n', async (shape) => {
    await started({ threads: 2 });
    const { batch, m, k, n } = shape;
    for (const [turnA, turnB] of layouts) {
      const [a, b] = operands(shape, turnA, turnB);
      const [x, y] = [a.dataSync(), b.dataSync()];
      const bias = values([n], 2) as tf.Tensor1D;
      const flat = { a: first(a), b: first(b) };
      const got = tf.matMul(a, b, turnA, turnB).dataSync();
      const fused = tf.fused.matMul({ ...flat, transposeA: turnA, transposeB: turnB, bias, activation: 'relu' });
      const [then, added] = [fused.dataSync(), bias.dataSync()];
      for (let z = 0; z < batch; z++) {
        for (let i = 0; i < m; i += Math.max(1, Math.floor(m / 17))) {
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let p = 0; p < k; p++) {
              sum += x[z * m * k + (turnA ? p * m + i : i * k + p)] * y[z * k * n + (turnB ? j * k + p : p * n + j)];
            }
            const near = 2e-6 * (10 + k);
            expect(Math.abs(got[(z * m + i) * n + j] - sum)).toBeLessThan(near);
            if (z === 0) expect(Math.abs(then[i * n + j] - Math.max(0, sum + added[j]))).toBeLessThan(near);
          }
        }
      }
    }
  });

  it('have the same bits on any number of threads', async () => {
    const all = [];
    for (const threads of part([1, 4, 2], 2)) {
      await started({ threads });
      all.push(everything());
    }
    for (const some of all.slice(1)) expect(equalParts(some, all[0])).not.toContain(false);
  });

  // Gradients of weights by parts of the rows, and by a product of their own.
  it.each(part([70, 290], 2))(
    'between other steps have the same bits on any number of threads, width %i',
    async (width) => {
      await use({ threads: 2 });
      const ours = layers(3500, width);
      const all = [];
      for (const threads of part([1, 4, 2], 2)) {
        await started({ threads });
        all.push(layers(3500, width));
      }
      for (const some of all.slice(1)) expect(equalParts(some, all[0])).not.toContain(false);
      // They are not ours, but near.
      const numbers = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.buffer);
      for (const [i, bytes] of all[0].entries()) {
        const [got, expected] = [numbers(bytes), numbers(ours[i])];
        const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        expect(got.findIndex((x, j) => !(Math.abs(x - expected[j]) < 1e-5 * largest))).toBe(-1);
      }
      expect(equalParts(all[0], ours)).toContain(false);
    },
  );

  itInFull('are those whose sides are all long enough, and no others', async () => {
    await use({ threads: 2 });
    const ours = everything();
    await started({ threads: 2, blasFrom: Number.POSITIVE_INFINITY });
    expect(equalParts(everything(), ours)).not.toContain(false);
    // Three rows are too few.
    await started({ threads: 2, blasFrom: 4 });
    const perShape = ours.length / shapes.length;
    const equal = equalParts(everything(), ours);
    const same = shapes.map((_, s) => equal.slice(s * perShape, (s + 1) * perShape).includes(true));
    expect(same.slice(0, 2)).toEqual([true, true]);
    // Sums of a few terms may happen to agree.
    expect(shapes.flatMap(({ k }, s) => (s >= 2 && k > 256 ? [same[s]] : []))).toEqual([false, false, false]);
  });

  it('are told with the library, what was measured, and the least side', async () => {
    const { blas } = await registerSimdBackend({ threads: 1, blas: library });
    if (blas === undefined || 'missing' in blas) throw new Error('expected a library');
    expect(blas.library).toBe(library);
    expect(blas.rates?.map(({ side }) => side)).toEqual([32, 64, 128, 256]);
    for (const { ours, library: theirs } of blas.rates ?? []) expect(Math.min(ours, theirs)).toBeGreaterThan(0);
    expect(backend().libraryFrom).toBe(blas.from === 'never' ? Number.POSITIVE_INFINITY : blas.from);
    // Measured once: another start decides as the first did.
    const again = await registerSimdBackend({ threads: 2, blas: library });
    expect(again.blas).toEqual(blas);
    const given = await registerSimdBackend({ threads: 2, blas: library, blasFrom: 77 });
    expect(given.blas).toMatchObject({ library, from: 77 });
  });
});

describe('a library that is of no use', () => {
  afterAll(removeSimdBackend);

  it('leaves the backend that runs', async () => {
    await use({ threads: 1 });
    const before = backend();
    const x = tf.tensor1d([1, 2]);
    await expect(registerSimdBackend({ threads: 1, blas: '/no/such/library.so' })).rejects.toThrow(
      /^blas: expected .+ \/no\/such\/library\.so/,
    );
    expect(backend()).toBe(before);
    expect([...x.dataSync()]).toEqual([1, 2]);
  });

  it.each([0, Number.NaN, -1])('and so does a least side of %s', async (blasFrom) => {
    await expect(registerSimdBackend({ threads: 1, blas: 'auto', blasFrom })).rejects.toThrow(
      `simd: expected blasFrom to be a number of at least 1; got ${blasFrom}`,
    );
  });
});

describe('rows for a library', () => {
  const libraryFrom = 32;

  it('are more at a time than ours, as many as scratch memory has room for', () => {
    expect(rowProducts({ libraryFrom }, 12928, 50, 200)).toEqual({ library: 1, block: 288 });
    expect(rowProducts({ libraryFrom }, 12928, 256, 1024)).toEqual({ library: 1, block: 288 });
    expect(rowProducts({ libraryFrom }, 100_000, 50, 200)).toEqual({ library: 1, block: 384 });
    expect(rowProducts({ libraryFrom }, 100_000, 48, 1690)).toEqual({ library: 1, block: 192 });
    expect(rowProducts({ libraryFrom }, 40, 50, 200)).toEqual({ library: 1, block: 96 });
  });

  it('stay ours where a side is short, or a block has no room', () => {
    expect(rowProducts({ libraryFrom }, 31, 50, 200)).toEqual({ library: 0, block: 96 });
    expect(rowProducts({ libraryFrom }, 1000, 31, 200)).toEqual({ library: 0, block: 96 });
    expect(rowProducts({ libraryFrom }, 1000, 1500, 2500)).toEqual({ library: 0, block: 96 });
    expect(rowProducts({ libraryFrom: Number.POSITIVE_INFINITY }, 1000, 500, 500)).toEqual({ library: 0, block: 96 });
  });
});

describe('tasks for a library', () => {
  it('cover the product once, and are large', () => {
    for (const [batch, m, n, k] of [
      [1, 12928, 1024, 256],
      [1, 1024, 1024, 1024],
      [1, 256, 1024, 12928],
      [64, 200, 200, 64],
      [1, 50, 200, 12928],
      [1, 33, 5000, 40],
    ]) {
      const { rows, blocks, columns, columnBlocks, slice, slices } = libraryGrid(batch, m, n, k, true);
      const covered = (size: number, part: number, parts: number): boolean =>
        part * parts >= size && part * (parts - 1) < size;
      expect([covered(m, rows, blocks), covered(n, columns, columnBlocks), covered(k, slice, slices)]).toEqual([
        true,
        true,
        true,
      ]);
      expect(rows).toBeGreaterThanOrEqual(Math.min(m, 112));
      expect(columns).toBeGreaterThanOrEqual(Math.min(n, 112));
    }
  });

  it('are fewer where the product is small, since each packs its operands', () => {
    const tasks = (m: number, n: number, k: number): number => {
      const { blocks, columnBlocks } = libraryGrid(1, m, n, k, true);
      return blocks * columnBlocks;
    };
    expect(tasks(128, 3883, 50)).toBe(8);
    expect(tasks(128, 3883, 500)).toBe(16);
    expect(tasks(256, 256, 256)).toBe(4);
  });
});
