import type { ProblemLog } from '../problems.ts';
import type { KeyedTable } from '../table/keyed.ts';
import type { VocabularyBuilder } from '../table/vocabulary.ts';
import type { RowHandler } from './delimited.ts';

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
  /** What the rows said of the users, after all were read. */
  userRows?(): KeyedTable | undefined;
}
