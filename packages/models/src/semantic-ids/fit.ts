import { ConfigError } from '../errors.ts';
import { type CodesReport, diagnose, type ItemsOfCodes } from './codes/diagnostics.ts';
import { assertUnique, withCounter, withNextNearest } from './codes/unique-codes.ts';
import type { SemanticIdsConfig, TokenizerConfig } from './config.ts';
import { fitRqVae } from './tokenizers/fit-rq-vae.ts';
import { fitHierarchical } from './tokenizers/hierarchical.ts';
import { fitLsh } from './tokenizers/lsh.ts';
import { fitProduct } from './tokenizers/product.ts';
import { fitResidualKMeans } from './tokenizers/residual-k-means.ts';
import type { RqVaeOptions } from './tokenizers/rq-vae-options.ts';
import type { Codebooks, Codes, FitOptions, Fitted } from './tokenizers/tokenizer.ts';
import { fitAtomic, fitRandom, givenCodes } from './tokenizers/without-vectors.ts';
import type { Rows } from './vectors/rows.ts';

/** Codes of the items `1 .. count`, no two of which are equal. */
export interface SemanticIds {
  /** Row `i` is item `i + 1`. */
  readonly codes: Codes;
  /** Whether the last level counts the items of equal codes. */
  readonly hasCounter: boolean;
  readonly codebooks: Codebooks;
  /** Of the codes before they were made unique. */
  readonly report: CodesReport;
}

export interface FitIdsRequest extends FitOptions {
  readonly config: Pick<SemanticIdsConfig, 'tokenizer' | 'collisions'>;
  readonly items: number;
  /** Vectors of the items, where the tokenizer reads them. */
  readonly vectors?: Rows;
  /** Vectors of behaviour of the items, where the tokenizer has a collaborative loss. */
  readonly behaviour?: Rows;
  /** Codes of a file, `[items, levels]`, where the tokenizer is one. */
  readonly given?: { readonly levels: number; readonly values: Int32Array };
  /** What else is known of the items, for the report. */
  readonly known?: ItemsOfCodes;
}

/** Whether a tokenizer reads vectors. */
export function readsVectors({ kind }: TokenizerConfig): boolean {
  return kind !== 'random' && kind !== 'atomic' && kind !== 'file';
}

/**
 * Codes of all items by a tokenizer, made unique, with what they are like.
 *
 * @throws ConfigError for no items, without the vectors or codes that a tokenizer reads, and where equal codes cannot
 *   be told apart.
 */
export async function fitSemanticIds(request: FitIdsRequest): Promise<SemanticIds> {
  const { config, items, vectors, known } = request;
  if (items < 1) throw new ConfigError('semantic ids: expected at least one item; got none', 'ids');
  const { codes, codebooks, residualEnergy, reconstruction } = await fitted(request);
  const report = { ...diagnose(codes, known, residualEnergy), ...(reconstruction !== undefined && { reconstruction }) };
  const isUnique = report.colliding.items === 0;
  const usesCounter =
    config.collisions === 'counter' && config.tokenizer.kind !== 'atomic' && config.tokenizer.kind !== 'random';
  if (usesCounter) return { codes: withCounter(codes), hasCounter: true, codebooks, report };
  const unique = isUnique ? codes : withNextNearest(codes, codebooks, vectors as Rows);
  assertUnique(unique);
  return { codes: unique, hasCounter: false, codebooks, report };
}

async function fitted(request: FitIdsRequest): Promise<Fitted> {
  const { config, items, vectors, given, behaviour, ...options } = request;
  const { tokenizer } = config;
  switch (tokenizer.kind) {
    case 'random':
      return fitRandom(items, tokenizer, options);
    case 'atomic':
      return fitAtomic(items);
    case 'file':
      if (given === undefined) throw new ConfigError('semantic ids: expected the codes of the file; got none', 'ids');
      return givenCodes(items, given.levels, given.values);
  }
  if (vectors === undefined || vectors.count !== items)
    throw new ConfigError(
      `semantic ids: expected vectors of ${items} items; got ${vectors === undefined ? 'none' : `${vectors.count}`}`,
      'ids.vectors',
    );
  switch (tokenizer.kind) {
    case 'residual-k-means':
      return fitResidualKMeans(vectors, { ...tokenizer, codes: fewer(tokenizer.codes, items) }, options);
    case 'rq-vae':
      return fitRqVae(vectors, rqVaeOptions(tokenizer, items, behaviour), options);
    case 'hierarchical':
      return fitHierarchical(vectors, tokenizer, options);
    case 'product':
      if (tokenizer.levels > vectors.width)
        throw new ConfigError(
          `semantic ids: tokenizer: expected at most as many levels as the vectors are wide, ${vectors.width}; got ${tokenizer.levels}`,
          'ids.tokenizer.levels',
        );
      return fitProduct(vectors, { ...tokenizer, codes: fewer(tokenizer.codes, items) }, options);
    case 'lsh':
      return fitLsh(vectors, tokenizer, options);
  }
}

function rqVaeOptions(
  { collaborative, ...settings }: Extract<TokenizerConfig, { kind: 'rq-vae' }>,
  items: number,
  behaviour: Rows | undefined,
): RqVaeOptions {
  const options = { ...settings, codes: fewer(settings.codes, items) };
  if (collaborative === undefined) return options;
  if (behaviour === undefined)
    throw new ConfigError(
      'semantic ids: rq-vae: collaborative: expected vectors of behaviour of the items; got none',
      'ids.tokenizer.collaborative.vectors',
    );
  return { ...options, collaborative: { weight: collaborative.weight, vectors: behaviour } };
}

/** No level needs more codes than there are items. */
function fewer(codes: number, items: number): number {
  return Math.min(codes, items);
}
