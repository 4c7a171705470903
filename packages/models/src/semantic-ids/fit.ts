import { ConfigError } from '../errors.ts';
import { type CodesReport, diagnose, type ItemsOfCodes } from './codes/diagnostics.ts';
import { assertUnique, withCounter, withNextNearest } from './codes/unique-codes.ts';
import type { SemanticIdsConfig } from './schema.ts';
import type { ItemsToCode, TokenizerDefinition } from './tokenizers/definition.ts';
import { readsVectors, tokenizerDefinition } from './tokenizers/registry.ts';
import type { Codebooks, Codes, FitOptions, Fitted } from './tokenizers/tokenizer.ts';
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
  /** What the tokenizer reads beside them, where it does: see {@link besideVectors}. */
  readonly beside?: Rows;
  /** Codes of a file, `[items, levels]`, where the tokenizer is one. */
  readonly given?: ItemsToCode['given'];
  /** What else is known of the items, for the report. */
  readonly known?: ItemsOfCodes;
}

/**
 * Codes of all items by a tokenizer, made unique, with what they are like.
 *
 * @throws ConfigError for no items, without the vectors or codes that a tokenizer reads, and where equal codes cannot
 *   be told apart.
 */
export async function fitSemanticIds(request: FitIdsRequest): Promise<SemanticIds> {
  const { config, items, vectors, known } = request;
  const definition = tokenizerDefinition(config.tokenizer);
  if (items < 1) throw new ConfigError('semantic ids: expected at least one item; got none', 'ids');
  const { codes, codebooks, residualEnergy, reconstruction } = await fitted(request, definition);
  const report = { ...diagnose(codes, known, residualEnergy), ...(reconstruction !== undefined && { reconstruction }) };
  const isUnique = report.colliding.items === 0;
  if (config.collisions === 'counter' && !definition.isUnique)
    return { codes: withCounter(codes), hasCounter: true, codebooks, report };
  const unique = isUnique ? codes : withNextNearest(codes, codebooks, vectors as Rows);
  assertUnique(unique);
  return { codes: unique, hasCounter: false, codebooks, report };
}

async function fitted(request: FitIdsRequest, definition: TokenizerDefinition): Promise<Fitted> {
  const { config, items, vectors, given, beside, ...options } = request;
  const { tokenizer } = config;
  if (definition.codesFile !== undefined && given === undefined)
    throw new ConfigError('semantic ids: expected the codes of the file; got none', 'ids');
  if (readsVectors(tokenizer) && vectors?.count !== items)
    throw new ConfigError(
      `semantic ids: expected vectors of ${items} items; got ${vectors === undefined ? 'none' : `${vectors.count}`}`,
      'ids.vectors',
    );
  if (definition.beside?.(tokenizer) !== undefined && beside === undefined)
    throw new ConfigError(
      `semantic ids: ${tokenizer.kind}: expected the vectors that it reads beside those of ids.vectors; got none`,
      'ids.tokenizer',
    );
  const none = { count: items, width: 0, values: new Float64Array(0) };
  const made = await definition.fit(
    tokenizer,
    { count: items, vectors: vectors ?? none, ...(beside && { beside }), ...(given && { given }) },
    options,
  );
  checkCodes(tokenizer.kind, made, items);
  return made;
}

/** What a tokenizer of somebody else may get wrong. */
function checkCodes(kind: string, { codes, codebooks }: Fitted, items: number): void {
  const { count, sizes, values } = codes;
  const levels = sizes.length;
  const expected = (what: string, got: string): ConfigError =>
    new ConfigError(`semantic ids: tokenizer '${kind}': expected ${what}; got ${got}`, 'ids.tokenizer');
  if (count !== items || levels === 0 || values.length !== items * levels)
    throw expected(
      `a code on each of some levels for each of ${items} items`,
      `${values.length} codes of ${count} items on ${levels} levels`,
    );
  if (codebooks.sizes.join() !== sizes.join())
    throw expected(`codebooks of ${sizes.join(' x ')} codes, as the items have`, codebooks.sizes.join(' x '));
  const wrong = values.findIndex((code, e) => !(code >= 0 && code < sizes[e % levels]));
  if (wrong < 0) return;
  throw expected(
    `codes from 0 to ${sizes[wrong % levels] - 1} on level ${(wrong % levels) + 1}`,
    `${values[wrong]} for item ${Math.floor(wrong / levels) + 1}`,
  );
}
