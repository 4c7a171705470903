import type { ProblemLog } from '../problems.ts';
import type { KeyedTable } from '../table/keyed.ts';
import type { VocabularyBuilder } from '../table/vocabulary.ts';
import type { RowHandler } from './delimited.ts';
import type { ChunkHandler } from './event-chunks.ts';

/** Where the rows of events come from. */
export interface RowOrigin {
  /** For people: the name of the file, or what a query reads. */
  readonly title: string;
  readonly place: { readonly file: string; readonly entry?: string };
  /** Bytes, where they say something about the number of rows. */
  readonly size?: number;
  read(
    log: ProblemLog,
    handler: RowHandler,
    rows: () => number,
    vocabularies: Map<string, VocabularyBuilder>,
  ): Promise<void>;
  /** Where the rows are tried first as columns; a row that is not plain ends that, and all are read one by one. */
  readonly readChunks?: (handler: ChunkHandler) => Promise<unknown>;
  /** For people: what reads the columns, and what it may use. */
  readonly chunksBy?: string;
  /** What people should know of how it is read. */
  readonly notes?: readonly string[];
  /** Said where rows have to be read one by one after all. */
  readonly onRows?: (reason: string) => string;
  /** What the rows said of the users, after all were read. */
  userRows?(): KeyedTable | undefined;
}
