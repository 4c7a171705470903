import { type FieldTables, fieldTables } from '../features/field-tables.ts';
import type { TableScheme } from '../features/table-config.ts';
import type { NetOptions } from './row-model.ts';

/** What a configuration says of the tables of its fields. */
interface TableSettings {
  readonly embeddingDim: number;
  readonly embeddingStd: number;
  readonly tables?: TableScheme;
}

/** The tables of the fields of a model of rows, by the names `fields.<field>`. */
export function rowTables(
  { embeddingDim: width, embeddingStd: standardDeviation, tables: scheme }: TableSettings,
  { fields, seed, stores }: Pick<NetOptions, 'fields' | 'seed' | 'stores'>,
): FieldTables {
  return fieldTables({ fields, width, standardDeviation, scheme, seed, stream: 'fields', stores });
}
