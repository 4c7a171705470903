import type { ExampleSet, Interactions } from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import type { TokenizerConfig, VectorsConfig } from './config.ts';
import { tokenizerDefinition } from './tokenizers/registry.ts';
import type { FitVectorsOptions, ItemVectors } from './vectors/definition.ts';
import './vectors/own-vectors.ts';
import { itemVectorsDefinition } from './vectors/registry.ts';
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

/** What was fitted to the items of training, and makes vectors of new items beside theirs. */
export interface VectorState {
  readonly tensors: ReadonlyMap<string, Rows>;
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

export interface IdVectorsRequest extends FitVectorsOptions {
  readonly vectors: readonly VectorsConfig[];
  readonly standardise: boolean;
  /** Called before each kind is made. */
  readonly onKind?: (kind: string) => void;
}

export interface FittedVectors {
  readonly rows: Rows;
  readonly state: VectorState;
  /** Items of which nothing is known: their vector is zeros, and they share their codes. */
  readonly without: number;
}

/** Why vectors have no column. */
function whyNone({ kind }: { readonly kind: string }): string {
  if (kind === 'lsa') return 'no term is in two items';
  return kind === 'behaviour' ? 'no pair of neighbours is above `shift`' : `those of ${kind} have no column`;
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
 * @param train what models train on: of its events no others are read.
 * @throws ConfigError for vectors with a number that is not finite, naming the first item, and for zeros alone.
 */
export async function fitIdVectors(
  { vectors, standardise, onKind, seed, fitted, readFile, onProgress }: IdVectorsRequest,
  train: ExampleSet,
): Promise<FittedVectors> {
  const options = { seed, fitted, readFile, onProgress };
  const tensors = new Map<string, Rows>();
  const texts = new Map<string, readonly string[]>();
  const parts: Rows[] = [];
  for (const [at, config] of vectors.entries()) {
    onKind?.(config.kind);
    const made = await fitKind(config, train, options);
    for (const [name, rows] of Object.entries(made.tensors ?? {})) tensors.set(kept(at, name), rows);
    for (const [name, own] of Object.entries(made.texts ?? {})) texts.set(kept(at, name), own);
    parts.push(made.rows);
  }
  const rows = parts.reduce(beside);
  if (rows.values.every((value) => value === 0))
    throw new ConfigError(
      `semantic ids: vectors: expected vectors that tell items apart; got ${rows.width === 0 ? `none: ${vectors.map(whyNone).join(', and ')}` : 'zeros alone'}; read other columns of the items, or a file`,
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
  options: FitVectorsOptions,
  train: ExampleSet,
): Promise<Rows | undefined> {
  const asked = tokenizerDefinition(tokenizer).beside?.(tokenizer);
  if (asked === undefined) return undefined;
  const { vectors, width } = asked;
  if (vectors.kind === 'file') return (await fitKind(vectors, train, options)).rows;
  const { rows } = await fitKind({ ...vectors, width }, train, options);
  // Fewer directions than are wanted have all that there is.
  const [{ count }, more] = [rows, width - rows.width];
  return beside(rows, { count, width: more, values: new Float64Array(count * more) });
}

/**
 * The vectors of all items of a data set in the space of a fit.
 *
 * @throws ConfigError for vectors that new items do not have, of behaviour.
 */
export async function idVectors(
  { vectors, standardise, readFile, onProgress }: Omit<IdVectorsRequest, 'seed' | 'fitted' | 'onKind'>,
  state: VectorState,
  interactions: Interactions,
): Promise<Rows> {
  const parts: Rows[] = [];
  for (const [at, config] of vectors.entries()) {
    const { again } = itemVectorsDefinition(config);
    if (again === undefined)
      throw new ConfigError(
        `semantic ids: expected vectors of content, which new items have; got vectors of ${config.kind}`,
        'ids.vectors',
      );
    const rows = await again(config, storedAt(at, config, state), interactions, { readFile, onProgress });
    parts.push(checked(config, rows, interactions));
  }
  const rows = parts.reduce(beside);
  return standardise ? standardColumns(rows, state.tensors.get('moments')!) : rows;
}

/** The first of some vectors that items that come later cannot have; absent: they can have all. */
export function vectorsThatNewItemsLack(vectors: readonly VectorsConfig[]): VectorsConfig | undefined {
  return vectors.find((config) => itemVectorsDefinition(config).again === undefined);
}

async function fitKind(config: VectorsConfig, train: ExampleSet, options: FitVectorsOptions): Promise<ItemVectors> {
  const made = await itemVectorsDefinition(config).fit(config, train, options);
  return { ...made, rows: checked(config, made.rows, train.interactions) };
}

/** What a fit has left under the names that its definition gave. */
function storedAt(at: number, { kind }: VectorsConfig, { tensors, texts }: VectorState) {
  const under = kept(at, '');
  const own = [...tensors].flatMap(([name, rows]) =>
    name.startsWith(under) ? [[name.slice(under.length), rows] as const] : [],
  );
  return {
    tensors: new Map(own),
    tensor: (name: string) => tensors.get(kept(at, name)) ?? missing(kind, name),
    texts: (name: string) => texts.get(kept(at, name)) ?? missing(kind, name),
  };
}

function missing(kind: string, name: string): never {
  throw new ConfigError(`semantic ids: expected what ${kind} was fitted to; got a file without ${name}`, 'ids.vectors');
}

/** Rows of length 1. @throws ConfigError for other rows than the items', and for a number that is not finite. */
function checked(config: VectorsConfig, rows: Rows, { numItems }: Interactions): Rows {
  const { count, width, values } = rows;
  const from = config.kind === 'file' ? config.path : `vectors of ${config.kind}`;
  const wrong = (expected: string, got: string): ConfigError =>
    new ConfigError(`semantic ids: vectors: expected ${expected} in ${from}; got ${got}`, 'ids.vectors');
  if (count !== numItems || values.length !== count * width)
    throw wrong(`a row for each of ${numItems} items`, `${values.length} numbers of ${count} rows, ${width} wide`);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw wrong('finite numbers', `${values[at]} in column ${at % width} of row ${Math.floor(at / width)} of ${count}`);
  return unitRows(rows);
}
