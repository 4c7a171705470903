import { type Interactions, itemTerms, type TermBounds, termBounds, termColumns } from '@seqrec/data';
import type { VectorsConfig } from '../config.ts';
import type { FitVectorsOptions, ItemVectors, StoredVectors } from './definition.ts';
import { fitLsa, lsaVectors } from './lsa.ts';
import type { Rows } from './rows.ts';

type LsaConfig = Extract<VectorsConfig, { kind: 'lsa' }>;

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
    tensors: { ...Object.fromEntries(ofBounds), idf: lsa.idf, directions: lsa.directions },
    texts: { columns, terms: lsa.terms },
  };
}

/** The same of other items, by the terms, directions and bounds of the fit. */
export function lsaOfItems(config: LsaConfig, stored: StoredVectors, { itemTable }: Interactions): Rows {
  const columns = stored.texts('columns');
  const bounds: TermBounds = new Map(columns.map((name) => [name, boundsOf(stored.tensors.get(`bounds.${name}`))]));
  const lsa = { terms: stored.texts('terms'), idf: stored.tensor('idf'), directions: stored.tensor('directions') };
  return lsaVectors(lsa, itemTerms(itemTable, { ...config, columns }, bounds));
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
