import { DataError } from '../errors.ts';
import type { ColumnRef } from './columns.ts';

/** The type ids of DuckDB by name. */
export type DuckdbTypes = Readonly<Record<string, number | string>>;

/** How values of a column come: as text, as a whole number of 64 bits, as microseconds since 1970, or as a double. */
export type VectorKind = 'text' | 'integer' | 'micros' | 'double';

/** What a column is read for; `date` is a time that a pattern reads. */
export type Purpose = 'id' | 'number' | 'time' | 'date' | 'text';

/** A column that is looked for. */
export interface SoughtColumn {
  readonly column: ColumnRef;
  readonly purpose: Purpose;
}

const integers = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER'];
/** Times whose microseconds are all there is. */
const wholeMicros = ['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_TZ', 'DATE'];

/** The expression that makes text of a column, never NULL; `undefined` for records. A time is one as an id too. */
export function textOf(column: string, type: number, types: DuckdbTypes, purpose: Purpose): string | undefined {
  const is = (...names: string[]): boolean => names.some((name) => types[name] === type);
  if (is('STRUCT', 'MAP', 'UNION')) return undefined;
  const asWritten = (purpose === 'id' || purpose === 'text') && !is('TIMESTAMP_TZ');
  if (is(...wholeMicros) && !asWritten) {
    // A decimal, not 1.3e9, and marked as seconds.
    return `COALESCE('@' || CAST(CAST(epoch(${column}) AS DECIMAL(18, 6)) AS VARCHAR), '')`;
  }
  if (is('TIMESTAMP_NS') && !asWritten) {
    const nanos = `epoch_ns(${column})`;
    const sign = `CASE WHEN ${nanos} < 0 THEN '-' ELSE '' END`;
    const whole = `CAST(abs(${nanos}) // 1000000000 AS VARCHAR)`;
    const fraction = `lpad(CAST(abs(${nanos}) % 1000000000 AS VARCHAR), 9, '0')`;
    return `COALESCE('@' || ${sign} || ${whole} || '.' || ${fraction}, '')`;
  }
  if (is('LIST', 'ARRAY')) return `COALESCE(CAST(to_json(CAST(${column} AS VARCHAR[])) AS VARCHAR), '')`;
  return `COALESCE(CAST(${column} AS VARCHAR), '')`;
}

/** The expression that hands a column over for a purpose, and as what; NULL stays one, but that of text is empty. */
export function vectorOf(
  column: string,
  type: number,
  types: DuckdbTypes,
  purpose: Purpose,
): { readonly sql: string; readonly kind: VectorKind } | undefined {
  const is = (...names: string[]): boolean => names.some((name) => types[name] === type);
  const numeric = purpose === 'id' || purpose === 'number' || purpose === 'time';
  if (numeric && is(...integers)) return { sql: `CAST(${column} AS BIGINT)`, kind: 'integer' };
  if ((purpose === 'time' || purpose === 'date') && is(...wholeMicros)) {
    return { sql: `epoch_us(${column})`, kind: 'micros' };
  }
  // A float that is written and read as a double is another number: good for numbers, which are floats, not for times.
  if ((purpose === 'number' && is('FLOAT', 'DOUBLE')) || (purpose === 'time' && is('DOUBLE'))) {
    return { sql: `CAST(${column} AS DOUBLE)`, kind: 'double' };
  }
  if (is('VARCHAR')) return { sql: column, kind: 'text' };
  const sql = textOf(column, type, types, purpose);
  return sql === undefined ? undefined : { sql, kind: 'text' };
}

export interface TypedColumn {
  readonly name: string;
  readonly type: number;
}

/** @throws {DataError} `nested-column` where a column of the query holds records */
export function refuseRecords(
  operation: string,
  columns: readonly TypedColumn[],
  types: DuckdbTypes,
  place: { readonly file?: string },
): void {
  const nested = columns.filter(({ type }) => textOf('', type, types, 'text') === undefined).map(({ name }) => name);
  if (nested.length > 0) throw nestedColumns(operation, nested, place);
}

export function nestedColumns(
  operation: string,
  nested: readonly string[],
  place: { readonly file?: string },
): DataError {
  return new DataError(operation, `expected columns of values or of lists; got records in ${nested.join(', ')}`, {
    code: 'nested-column',
    ...place,
    hint: "name the fields in a query: select event.user as user, ... (--data.format sql --data.query '...')",
  });
}
