import { useBackend } from '@seqrec/core';
import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { lrConfigSchema } from '../rankers/lr/config.ts';
import { lrNet } from '../rankers/lr/lr.ts';
import { plainLr } from '../rankers/lr/test-support/plain.ts';
import { mlpConfigSchema } from '../rankers/mlp/config.ts';
import { mlpNet } from '../rankers/mlp/mlp.ts';
import { plainMlp } from '../rankers/mlp/test-support/plain.ts';
import { plainTables } from '../test-support/plain-tables.ts';
import { describeRowFormulas, type RowFormula } from '../test-support/row-formulas.ts';
import type { FieldShape } from './field-table.ts';
import { fieldTables } from './field-tables.ts';
import { hashedRows } from './hash-rows.ts';
import type { TableScheme } from './table-config.ts';

const shared = { embeddingStd: 0.7, userId: true, itemId: true };
function mlp(tables: TableScheme, shares: Readonly<Record<string, number>> = {}, idle?: readonly string[]): RowFormula {
  const config = mlpConfigSchema.parse({ kind: 'mlp', embeddingDim: 4, hiddenSizes: [3], ...shared, tables });
  return {
    net: (options) => mlpNet(config, options),
    plain: (w, rows) => plainMlp(plainTables(w, rows, tables, { shares }), rows, 1),
    ...(idle && { idle }),
  };
}

// Fields of 5 and 6 ids, the second a list, and one of numbers.
describeRowFormulas({
  unified: mlp({ kind: 'unified', rows: 7, chunks: 2, signs: false }),
  'unified with signs': mlp({ kind: 'unified', rows: 5, chunks: 4, signs: true }),
  hashed: mlp({ kind: 'hashed', rows: 7 }, { user: 3, 'items.tags': 4 }),
  'quotient times remainder': mlp({ kind: 'qr', remainders: 2, combine: 'multiply' }),
  'quotient and remainder of the long field': mlp({ kind: 'qr', remainders: 5, combine: 'add' }),
});

const linear: TableScheme = { kind: 'unified', rows: 6, chunks: 2, signs: true };
describeRowFormulas({
  'linear terms, whose weights are not cut': {
    net: (options) => lrNet(lrConfigSchema.parse({ kind: 'lr', ...shared, tables: linear }), options),
    plain: (w, rows) => plainLr(plainTables(w, rows, { ...linear, chunks: 1 }, { stream: 'linear' }), rows),
    labels: 3,
  },
});

describe('tables', () => {
  const sizes = { user: 40, item: 30, hour: 24 };
  const fields = Object.entries(sizes).map(([name, size]): FieldShape => ({ name, shape: { kind: 'row', size } }));
  const width = 6;
  const made = (scheme: TableScheme, of = fields) =>
    fieldTables({ fields: of, width, standardDeviation: 1, scheme, seed: 3, stream: 'fields' });
  const every = (): EncodedColumn[] =>
    fields.map(({ shape }) => ({
      kind: 'row',
      size: (shape as { size: number }).size,
      values: Int32Array.from({ length: 24 }, (_, id) => id),
    }));
  const parameters = (scheme: TableScheme, of = fields): number =>
    made(scheme, of).layers.reduce((sum, layer) => sum + layer.weight('weight').size, 0);

  beforeAll(async () => {
    await useBackend('auto');
  });

  it('have as many numbers as their scheme says, whatever the number of fields', () => {
    const unified: TableScheme = { kind: 'unified', rows: 50, chunks: 3, signs: false };
    for (const of of [fields, fields.slice(1)]) expect(parameters(unified, of)).toBe((50 * width) / 3);
    expect(parameters({ kind: 'separate' })).toBe(94 * width);
    expect(parameters({ kind: 'hashed', rows: 60 })).toBe(60 * width);
    expect(parameters({ kind: 'hashed', rows: 1000 })).toBe(94 * width);
    // Quotients 4 and 3 and remainders, and the hours as they are.
    expect(parameters({ kind: 'qr', remainders: 12, combine: 'add' })).toBe((4 + 12 + 3 + 12 + 2 + 12) * width);
    expect(parameters({ kind: 'qr', remainders: 24, combine: 'add' })).toBe((2 + 24 + 2 + 24 + 24) * width);
  });

  it('give a value of a field one vector, and no two of them with a quotient and a remainder the same', () => {
    for (const scheme of [
      { kind: 'unified', rows: 20, chunks: 2, signs: true },
      { kind: 'hashed', rows: 30 },
      { kind: 'qr', remainders: 7, combine: 'multiply' },
    ] as const) {
      const tables = made(scheme);
      const twice = every().map((column) => ({ ...column, values: Int32Array.of(3, 9, 3) })) as EncodedColumn[];
      for (const vectors of tf.tidy(() => tables.vectors(twice).map((each) => each.arraySync()))) {
        expect(vectors[2]).toEqual(vectors[0]);
      }
      if (scheme.kind !== 'qr') continue;
      const all = tf.tidy(() => tables.vectors(every())[0].arraySync());
      expect(new Set(all.map((vector) => vector.join())).size).toBe(24);
    }
  });

  it('unified of many rows are separate ones: no two values share a row', () => {
    const rows = 1_000_003;
    const unified = made({ kind: 'unified', rows, chunks: 1, signs: false });
    const separate = made({ kind: 'separate' });
    const places = fields.flatMap(({ name, shape }) => [
      ...hashedRows(name, 0, (shape as { size: number }).size, rows),
    ]);
    expect(new Set(places).size).toBe(94);
    tf.tidy(() => {
      const values = tf.concat(fields.map(({ name }) => separate.table(name) as tf.Tensor2D));
      unified.table('unified').assign(tf.scatterND(tf.tensor2d(places, [94, 1], 'int32'), values, [rows, width]));
      expect([...unified.embed(every()).dataSync()]).toEqual([...separate.embed(every()).dataSync()]);
    });
  });

  it('a field by another name has another salt, and nothing else changes', () => {
    const scheme = { kind: 'unified', rows: 11, chunks: 2, signs: true } as const;
    const renamed = fields.map((field) => (field.name === 'item' ? { ...field, name: 'film' } : field));
    const [before, after] = [made(scheme), made(scheme, renamed)];
    expect(after.layers.map(({ stream }) => stream)).toEqual(before.layers.map(({ stream }) => stream));
    const [one, other] = [before, after].map((tables) =>
      tf.tidy(() => tables.vectors(every()).map((each) => each.arraySync())),
    );
    expect(other[0]).toEqual(one[0]);
    expect(other[2]).toEqual(one[2]);
    expect(other[1]).not.toEqual(one[1]);
  });

  it('say which of their rows each field reads', () => {
    const { idTables } = made({ kind: 'unified', rows: 11, chunks: 2, signs: false });
    expect(idTables).toHaveLength(1);
    expect(idTables[0].reads.map(({ field }) => field)).toEqual(['user', 'user', 'item', 'item', 'hour', 'hour']);
    expect(idTables[0].reads[3].rows).toEqual(hashedRows('item', 1, 30, 11));
    expect(made({ kind: 'separate' }).idTables.map(({ reads }) => reads)).toEqual(
      Object.keys(sizes).map((field) => [{ field }]),
    );
  });

  it('refuse chunks that do not divide the width', () => {
    expect(() => made({ kind: 'unified', rows: 11, chunks: 4, signs: false })).toThrow(
      'tables: chunks: expected a divisor of the width 6 of vectors; got 4; choose one that divides embeddingDim',
    );
  });
});
