import type { ExampleSet, Interactions } from '@seqrec/data';
import type { z } from 'zod';
import type { FileVectorsConfig } from '../shared-config.ts';
import type { Rows } from './rows.ts';

/** Reads vectors of all items of a data set from a file, a row an item. */
export type ReadVectors = (config: FileVectorsConfig, interactions: Interactions) => Promise<Rows>;

/** Vectors of all items, with what makes vectors of later items in the same space. */
export interface ItemVectors {
  /** Row `i` is item `i + 1`; rows are brought to length 1 afterwards. Zeros: nothing is known of the item. */
  readonly rows: Rows;
  /** Files have them as float32: see `asStored`. */
  readonly tensors?: Readonly<Record<string, Rows>>;
  readonly texts?: Readonly<Record<string, readonly string[]>>;
}

/** What {@link ItemVectorsDefinition.fit} has left, as a file of ids has it. */
export interface StoredVectors {
  readonly tensors: ReadonlyMap<string, Rows>;
  /** A tensor by its name. @throws ConfigError for one that is not there. */
  tensor(name: string): Rows;
  /** Texts by their name. @throws ConfigError for those that are not there. */
  texts(name: string): readonly string[];
}

export interface FitVectorsOptions {
  readonly seed: number;
  /** Places, item 1 at 0, of the items that what is fitted is fitted to; default: all. */
  readonly fitted?: readonly number[];
  readonly readFile: ReadVectors;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A kind of vectors of items that ids are made from: what a file here, or a package of somebody else, brings. */
export interface ItemVectorsDefinition<C extends { readonly kind: string } = { readonly kind: string }> {
  /** Its name in configurations, `ids.vectors[].kind`. */
  readonly kind: string;
  /** `z.strictObject` with `kind: z.literal(kind)`; fields with a default may be left out by who configures. */
  readonly schema: z.ZodType<C>;
  /** Whether they are made of training events, which ids that are fitted before a split must not know. Default: no. */
  readonly readsEvents?: boolean;
  /**
   * Vectors of all items of a data set.
   *
   * @param train what models train on; of its events those that train may be read, see `trainingSequences`.
   */
  fit(config: C, train: ExampleSet, options: FitVectorsOptions): ItemVectors | Promise<ItemVectors>;
  /**
   * Vectors of all items of a data set, of which some are later than the fit, in its space: those of the others are the
   * same as by {@link fit}. Absent: later items cannot have any.
   */
  again?(
    config: C,
    stored: StoredVectors,
    interactions: Interactions,
    options: Pick<FitVectorsOptions, 'readFile' | 'onProgress'>,
  ): Rows | Promise<Rows>;
}
