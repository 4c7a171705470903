import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rowsTimes, upperGram } from './products.ts';

const entries = (length: number) =>
  fc
    .array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: length, maxLength: length })
    .map((values) => Float64Array.from(values));
const size = fc.integer({ min: 0, max: 11 });

it('a product has the bits of plain loops', () => {
  fc.assert(
    fc.property(
      fc
        .record({ rows: size, inner: size, columns: size })
        .chain((sizes) =>
          fc.tuple(fc.constant(sizes), entries(sizes.rows * sizes.inner), entries(sizes.inner * sizes.columns)),
        ),
      ([{ rows, inner, columns }, x, f]) => {
        const plain = new Float64Array(rows * columns);
        for (let r = 0; r < rows; r++)
          for (let i = 0; i < inner; i++)
            for (let j = 0; j < columns; j++) plain[r * columns + j] += x[r * inner + i] * f[i * columns + j];
        expect(rowsTimes(x, f, { rows, inner, columns })).toEqual(plain);
      },
    ),
    { numRuns: 300 },
  );
});

it('a Gram matrix has the bits of plain loops', () => {
  fc.assert(
    fc.property(
      fc.tuple(size, size).chain(([rows, columns]) => fc.tuple(fc.constant([rows, columns]), entries(rows * columns))),
      ([[rows, columns], x]) => {
        const plain = new Float64Array(columns * columns);
        for (let r = 0; r < rows; r++)
          for (let i = 0; i < columns; i++)
            for (let j = i; j < columns; j++) plain[i * columns + j] += x[r * columns + i] * x[r * columns + j];
        expect(upperGram(x, rows, columns)).toEqual(plain);
      },
    ),
    { numRuns: 300 },
  );
});
