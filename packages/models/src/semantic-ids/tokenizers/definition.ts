import type { z } from 'zod';
import type { BesideConfig } from '../shared-config.ts';
import type { Rows } from '../vectors/rows.ts';
import type { Codebooks, FitOptions, Fitted } from './tokenizer.ts';

/** The items that a tokenizer gives codes. */
export interface ItemsToCode {
  readonly count: number;
  /** A row an item; of width 0 for a tokenizer that reads no vectors. */
  readonly vectors: Rows;
  /** What {@link TokenizerDefinition.beside} asks for, where it does. */
  readonly beside?: Rows;
  /** The codes of the file of {@link TokenizerDefinition.codesFile}, `[count, levels]`, where there is one. */
  readonly given?: { readonly levels: number; readonly values: Int32Array };
}

/** What a fit has left, as a file of ids has it. */
export interface StoredCodebooks {
  /** `K` of each level. */
  readonly sizes: readonly number[];
  readonly tensors: ReadonlyMap<string, Rows>;
  /** A tensor by its name. @throws ConfigError for one that is not there. */
  tensor(name: string): Rows;
}

/** A kind of tokenizer: what a file here, or a package of somebody else, brings. */
export interface TokenizerDefinition<C extends { readonly kind: string } = { readonly kind: string }> {
  /** Its name in configurations, `ids.tokenizer.kind`. */
  readonly kind: string;
  /** `z.strictObject` with `kind: z.literal(kind)`; fields with a default may be left out by who configures. */
  readonly schema: z.ZodType<C>;
  /** Whether codes are made of vectors of the items, `ids.vectors`; default: they are. */
  readonly readsVectors?: boolean;
  /** Whether no two items can get the same codes: then no level counts them. Default: they can. */
  readonly isUnique?: boolean;
  /** Other vectors of the items that its fit reads, and how wide; absent: none. */
  beside?(config: C): { readonly vectors: BesideConfig; readonly width: number } | undefined;
  /** The file that its codes are read from; absent: they are made here. */
  codesFile?(config: C): string;
  /** Fits codebooks and gives all items codes. @throws ConfigError for settings that do not go with the items. */
  fit(config: C, items: ItemsToCode, options: FitOptions): Fitted | Promise<Fitted>;
  /**
   * The codebooks of {@link fit} from its tensors alone, which files keep as float32: see `asStored`. Absent: items
   * that come later cannot have codes.
   */
  codebooks?(config: C, stored: StoredCodebooks): Codebooks;
}
