import { type Interactions, itemTerms, type Table, type TermBounds, termBounds, termColumns } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import type { VectorsConfig } from '../config.ts';
import type { FitVectorsOptions, ItemVectors, StoredVectors } from './definition.ts';
import { fitLsa, lsaVectors } from './lsa.ts';
import type { Rows } from './rows.ts';

type LsaConfig = Extract<VectorsConfig, { kind: 'lsa' }>;

/** Kinds of columns that have terms, by the numbers that a file has for them. */
const KINDS = ['text', 'id', 'ids', 'number'] as const;

/** Latent semantic analysis of the table of items. */
export function fitLsaOfItems(
  config: LsaConfig,
  { itemTable, roles }: Interactions,
  { seed, fitted }: Pick<FitVectorsOptions, 'seed' | 'fitted'>,
): ItemVectors {
  const columns = config.columns ?? termColumns(itemTable, roles);
  const bounds = termBounds(itemTable, { columns }, fitted);
  const documents = itemTerms(itemTable, { ...config, columns }, bounds);
  const lsa = fitLsa(fitted === undefined ? documents : fitted.map((place) => documents[place]), {
    width: config.width,
    minDocuments: config.minDocuments,
    seed,
  });
  const ofBounds = [...bounds].map(([name, own]) => [`bounds.${name}`, boundRows(own)] as const);
  return {
    rows: lsaVectors(lsa, documents),
    tensors: {
      ...Object.fromEntries(ofBounds),
      kinds: kindsOf(columns, itemTable),
      ...{ idf: lsa.idf, directions: lsa.directions },
    },
    texts: { columns, terms: lsa.terms },
  };
}

/**
 * The same of other items, by the terms, directions and bounds of the fit.
 *
 * @throws ConfigError for a column that is of another kind than at the fit, whose terms would be others.
 */
export function lsaOfItems(config: LsaConfig, stored: StoredVectors, { itemTable }: Interactions): Rows {
  const columns = stored.texts('columns');
  checkKinds(columns, stored, itemTable);
  const bounds: TermBounds = new Map(columns.map((name) => [name, boundsOf(stored.tensors.get(`bounds.${name}`))]));
  const lsa = { terms: stored.texts('terms'), idf: stored.tensor('idf'), directions: stored.tensor('directions') };
  return lsaVectors(lsa, itemTerms(itemTable, { ...config, columns }, bounds));
}

/** The kind of each column, `[columns, 1]`. */
function kindsOf(columns: readonly string[], { columns: known }: Table): Rows {
  const values = Float64Array.from(columns, (name) => KINDS.findIndex((kind) => kind === known.get(name)?.kind));
  return { count: columns.length, width: 1, values };
}

/** Files from before kinds were kept tell numbers by their bounds alone. */
function checkKinds(columns: readonly string[], { tensors }: StoredVectors, table: Table): void {
  const kinds = tensors.get('kinds');
  for (const [at, name] of columns.entries()) {
    const column = table.columns.get(name);
    if (column === undefined) continue;
    const bounds = tensors.get(`bounds.${name}`);
    const kind = kinds === undefined ? bounds && 'number' : KINDS[kinds.values[at]];
    const isNumber = column.kind === 'number';
    const asFitted = kind === undefined ? !isNumber : column.kind === kind;
    if (asFitted && (!isNumber || column.width === bounds?.count)) continue;
    const of = (what: string, width = 1): string => (width === 1 ? what : `${what}, ${width} of them`);
    throw new ConfigError(
      `semantic ids: expected the column ${name} of the items as at the fit, ${of(kind ?? 'no number', bounds?.count)}; got ${of(column.kind, isNumber ? column.width : 1)}; read it so (--data.items.columns.${name} ${kind ?? 'text'})`,
      'ids.vectors',
    );
  }
}

/** Bounds of the numbers of a column, a row each; shorter ones are filled up with NaN. */
function boundRows(bounds: readonly (readonly number[])[]): Rows {
  const width = bounds.reduce((most, own) => Math.max(most, own.length), 0);
  const values = Float64Array.from(
    { length: bounds.length * width },
    (_, e) => bounds[Math.floor(e / width)][e % width] ?? Number.NaN,
  );
  return { count: bounds.length, width, values };
}

function boundsOf(rows: Rows | undefined): number[][] {
  if (rows === undefined) return [];
  return Array.from({ length: rows.count }, (_, r) =>
    [...rows.values.subarray(r * rows.width, (r + 1) * rows.width)].filter((bound) => !Number.isNaN(bound)),
  );
}
