import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import type { FieldShape, FieldTable } from './field-table.ts';
import { hashedRows, hashedSigns, shareRows } from './hash-rows.ts';
import { embedEncoded } from './layer.ts';
import { type IdColumn, pooled } from './pooled.ts';
import type { TableScheme } from './table-config.ts';

/** A lookup of the ids of a field in a table: its row for each id. */
export interface RowsOfIds {
  readonly table: FieldTable;
  /** Absent: an id is its row. */
  readonly rows?: Int32Array;
}

/** How the vector of a field of ids is made. */
export interface IdLookup {
  readonly reads: readonly RowsOfIds[];
  /** `[R, d]`. */
  vector(column: IdColumn): tf.Tensor2D;
}

export interface SharedRowsOptions {
  readonly scheme: TableScheme;
  /** Of ids. */
  readonly fields: readonly FieldShape[];
  readonly width: number;
  readonly pooling: 'mean' | 'sum';
  /** Makes a table of so many rows; `name` after the stream of all. */
  make(name: string, rows: number, width: number): FieldTable;
}

/**
 * The lookups of the fields, in their order.
 *
 * @throws ConfigError for chunks that do not divide the width.
 *
 * Source: Coleman et al. 2023 (arXiv:2305.12102), unified embedding; Weinberger et al. 2009 (arXiv:0902.2206), hashing
 * and signs; Shi et al. 2020 (arXiv:1909.02107), quotient and remainder.
 */
export function idLookups(options: SharedRowsOptions): IdLookup[] {
  const { scheme, fields, width, pooling, make } = options;
  const sizes = fields.map(({ shape }) => (shape.kind === 'number' ? 0 : shape.size));
  const plain = ({ name }: FieldShape, size: number): IdLookup => oneTable({ table: make(name, size, width) }, pooling);
  switch (scheme.kind) {
    case 'separate':
      return fields.map((field, f) => plain(field, sizes[f]));
    case 'hashed': {
      const shares = shareRows(sizes, scheme.rows);
      return fields.map((field, f) => {
        if (shares[f] === sizes[f]) return plain(field, sizes[f]);
        const rows = hashedRows(field.name, 0, sizes[f], shares[f]);
        return oneTable({ table: make(field.name, shares[f], width), rows }, pooling);
      });
    }
    case 'qr': {
      const { remainders, combine } = scheme;
      return fields.map((field, f) => {
        if (sizes[f] <= remainders) return plain(field, sizes[f]);
        const ids = Int32Array.from({ length: sizes[f] }, (_, id) => id);
        const reads = [
          {
            table: make(`${field.name}.quotient`, Math.ceil(sizes[f] / remainders), width),
            rows: ids.map((id) => Math.floor(id / remainders)),
          },
          { table: make(`${field.name}.remainder`, remainders, width), rows: ids.map((id) => id % remainders) },
        ];
        return entryByEntry(reads, pooling, ([quotient, remainder]) =>
          combine === 'multiply' ? tf.mul(quotient, remainder) : tf.add(quotient, remainder),
        );
      });
    }
    case 'unified':
      return fields.length === 0 ? [] : unified(scheme, options, sizes);
  }
}

function unified(
  { rows, chunks, signs }: Extract<TableScheme, { kind: 'unified' }>,
  { fields, width, pooling, make }: SharedRowsOptions,
  sizes: readonly number[],
): IdLookup[] {
  if (width % chunks !== 0) {
    throw new ConfigError(
      `tables: chunks: expected a divisor of the width ${width} of vectors; got ${chunks}; choose one that divides embeddingDim`,
      'tables.chunks',
    );
  }
  const table = make('unified', rows, width / chunks);
  return fields.map(({ name }, f) => {
    const reads = Array.from({ length: chunks }, (_, chunk) => ({
      table,
      rows: hashedRows(name, chunk, sizes[f], rows),
    }));
    if (!signs) {
      const pieces = reads.map((read) => oneTable(read, pooling));
      return { reads, vector: (column) => sideBySide(pieces.map(({ vector }) => vector(column))) };
    }
    const ofChunks = reads.map((_, chunk) => hashedSigns(name, chunk, sizes[f]));
    return entryByEntry(reads, pooling, (pieces, ids) =>
      sideBySide(
        pieces.map((piece, chunk) => {
          const own = Float32Array.from(ids, (id) => ofChunks[chunk][id]);
          return tf.mul(piece, tf.tensor2d(own, [own.length, 1]));
        }),
      ),
    );
  });
}

const weightOf = (table: FieldTable): tf.Variable<tf.Rank.R2> => table.weight('weight') as tf.Variable<tf.Rank.R2>;

/** The rows of ids in a table. */
function rowsOf({ rows }: RowsOfIds, ids: Int32Array): Int32Array {
  return rows === undefined ? ids : ids.map((id) => rows[id]);
}

function oneTable(read: RowsOfIds, pooling: 'mean' | 'sum'): IdLookup {
  return {
    reads: [read],
    vector: (column) =>
      tf.tidy(() => {
        const mapped = { ...column, values: rowsOf(read, column.values) } as EncodedColumn;
        return embedEncoded(weightOf(read.table), mapped, pooling);
      }),
  };
}

/** What is made of the rows of several tables for each entry of a list, before these are averaged. */
function entryByEntry(
  reads: readonly RowsOfIds[],
  pooling: 'mean' | 'sum',
  combine: (rows: tf.Tensor2D[], ids: Int32Array) => tf.Tensor2D,
): IdLookup {
  return {
    reads,
    vector: (column) =>
      tf.tidy(() => {
        const { values, size } = column;
        const rows = reads.map((read) =>
          embedEncoded(weightOf(read.table), { kind: 'row', size, values: rowsOf(read, values) }),
        );
        return pooled(column, combine(rows, values), pooling);
      }),
  };
}

function sideBySide(pieces: readonly tf.Tensor2D[]): tf.Tensor2D {
  return pieces.length === 1 ? pieces[0] : tf.concat2d([...pieces], 1);
}
