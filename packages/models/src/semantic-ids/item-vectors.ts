import { type ExampleSet, type Interactions, itemTerms, termBounds, termColumns } from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import type { TokenizerConfig, VectorsConfig } from './config.ts';
import { tokenizerDefinition } from './tokenizers/registry.ts';
import { fitLsa, lsaVectors } from './vectors/lsa.ts';
import {
  asStored,
  beside,
  columnMoments,
  type Rows,
  rowsAt,
  squaredLengths,
  standardColumns,
  unitRows,
} from './vectors/rows.ts';
import { behaviourVectors } from './vectors/sppmi.ts';

/** What was fitted to the items of training, and makes vectors of new items beside theirs. */
export interface VectorState {
  readonly tensors: ReadonlyMap<string, Rows>;
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

/** Reads vectors of all items of a data set from a file, a row an item. */
export type ReadVectors = (
  config: Extract<VectorsConfig, { kind: 'file' }>,
  interactions: Interactions,
) => Promise<Rows>;

export interface IdVectorsRequest {
  readonly vectors: readonly VectorsConfig[];
  readonly standardise: boolean;
  readonly seed: number;
  readonly readFile: ReadVectors;
  /** Places, item 1 at 0, of the items that terms, parts of numbers, directions and moments are of; default: all. */
  readonly fitted?: readonly number[];
  /** Called before each kind is made. */
  readonly onKind?: (kind: VectorsConfig['kind']) => void;
}

export interface FittedVectors {
  readonly rows: Rows;
  readonly state: VectorState;
  /** Items of which nothing is known: their vector is zeros, and they share their codes. */
  readonly without: number;
}

const kept = (at: number, name: string): string => `vectors.${at}.${name}`;

/** The columns of the items that the vectors at a place of `ids.vectors` were made from; of LSA alone. */
export function columnsOfVectors({ texts }: Pick<VectorState, 'texts'>, at: number): readonly string[] | undefined {
  return texts.get(kept(at, 'columns'));
}

/**
 * The vectors that ids are made from; row `i` is item `i + 1`. Each kind has rows of length 1, several stand side by
 * side.
 *
 * @param train what models train on: of it alone vectors of behaviour are made.
 * @throws ConfigError for vectors with a number that is not finite, naming the first item, and for zeros alone.
 */
export async function fitIdVectors(
  { vectors, standardise, seed, readFile, fitted, onKind }: IdVectorsRequest,
  train: ExampleSet,
): Promise<FittedVectors> {
  const tensors = new Map<string, Rows>();
  const texts = new Map<string, readonly string[]>();
  const parts: Rows[] = [];
  for (const [at, config] of vectors.entries()) {
    onKind?.(config.kind);
    if (config.kind === 'lsa') {
      const { itemTable, roles } = train.interactions;
      const columns = config.columns ?? termColumns(itemTable, roles);
      const bounds = termBounds(itemTable, { columns }, fitted);
      const documents = itemTerms(itemTable, { ...config, columns }, bounds);
      texts.set(kept(at, 'columns'), columns);
      for (const [name, own] of bounds) tensors.set(kept(at, `bounds.${name}`), boundRows(own));
      const lsa = fitLsa(fitted === undefined ? documents : fitted.map((place) => documents[place]), {
        width: config.width,
        minDocuments: config.minDocuments,
        seed,
      });
      texts.set(kept(at, 'terms'), lsa.terms);
      tensors.set(kept(at, 'idf'), lsa.idf);
      tensors.set(kept(at, 'directions'), lsa.directions);
      parts.push(lsaVectors(lsa, documents));
    } else if (config.kind === 'behaviour') {
      const { kind: _, ...options } = config;
      parts.push(behaviourVectors(train, { ...options, seed }));
    } else parts.push(await fromFile(config, train.interactions, readFile));
  }
  const rows = parts.reduce(beside);
  if (rows.values.every((value) => value === 0))
    throw new ConfigError(
      `semantic ids: vectors: expected vectors that tell items apart; got ${rows.width === 0 ? 'none: no term is in two items' : 'zeros alone'}; read other columns of the items, or a file`,
      'ids.vectors',
    );
  const without = squaredLengths(rows).reduce((sum, square) => sum + Number(square === 0), 0);
  if (!standardise) return { rows, state: { tensors, texts }, without };
  const moments = asStored(columnMoments(fitted === undefined ? rows : rowsAt(rows, fitted)));
  tensors.set('moments', moments);
  return { rows: standardColumns(rows, moments), state: { tensors, texts }, without };
}

/** What a tokenizer reads beside the vectors that it makes codes of, rows of length 1; nothing where it does not. */
export async function besideVectors(
  tokenizer: TokenizerConfig,
  { seed, readFile }: Pick<IdVectorsRequest, 'seed' | 'readFile'>,
  train: ExampleSet,
): Promise<Rows | undefined> {
  const asked = tokenizerDefinition(tokenizer).beside?.(tokenizer);
  if (asked === undefined) return undefined;
  const { vectors, width } = asked;
  if (vectors.kind === 'file') return fromFile(vectors, train.interactions, readFile);
  const { kind: _, ...options } = vectors;
  const rows = behaviourVectors(train, { ...options, width, seed });
  // Fewer directions than are wanted have all that there is.
  const [{ count }, more] = [rows, width - rows.width];
  return beside(rows, { count, width: more, values: new Float64Array(count * more) });
}

/**
 * The vectors of all items of a data set in the space of a fit.
 *
 * @throws ConfigError for vectors of behaviour, which new items do not have.
 */
export async function idVectors(
  { vectors, standardise, readFile }: Omit<IdVectorsRequest, 'seed' | 'onKind'>,
  { tensors, texts }: VectorState,
  interactions: Interactions,
): Promise<Rows> {
  const parts: Rows[] = [];
  for (const [at, config] of vectors.entries()) {
    if (config.kind === 'behaviour')
      throw new ConfigError(
        'semantic ids: expected vectors of content, which new items have; got vectors of behaviour',
        'ids.vectors',
      );
    if (config.kind === 'file') parts.push(await fromFile(config, interactions, readFile));
    else {
      const [terms, columns] = ['terms', 'columns'].map((name) => texts.get(kept(at, name)));
      const [idf, directions] = ['idf', 'directions'].map((name) => tensors.get(kept(at, name)));
      if (terms === undefined || columns === undefined || idf === undefined || directions === undefined)
        throw new ConfigError('semantic ids: expected what LSA was fitted to; got a file without', 'ids.vectors');
      const bounds = new Map(columns.map((name) => [name, boundsOf(tensors.get(kept(at, `bounds.${name}`)))] as const));
      const documents = itemTerms(interactions.itemTable, { ...config, columns }, bounds);
      parts.push(lsaVectors({ terms, idf, directions }, documents));
    }
  }
  const rows = parts.reduce(beside);
  return standardise ? standardColumns(rows, tensors.get('moments')!) : rows;
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

async function fromFile(
  config: Extract<VectorsConfig, { kind: 'file' }>,
  interactions: Interactions,
  readFile: ReadVectors,
): Promise<Rows> {
  const rows = await readFile(config, interactions);
  const { count, width, values } = rows;
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new ConfigError(
      `semantic ids: vectors: expected finite numbers in ${config.path}; got ${values[wrong]} in column ${wrong % width} of row ${Math.floor(wrong / width)} of ${count}`,
      'ids.vectors',
    );
  return unitRows(rows);
}
