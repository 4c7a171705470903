import type { Override } from '../../arguments.ts';
import type { BackendOptions } from '../../run/process/backend.ts';

/** What `seqrec reproduce` is asked for. */
export interface ReproduceRequest {
  readonly table: string;
  readonly seeds: readonly number[];
  readonly epochs?: number;
  readonly size?: string;
  /** Rows to run; default: all. */
  readonly rows?: readonly string[];
  /** Files of saved results of the same table, whose other rows and seeds are not run again. */
  readonly include?: readonly string[];
  readonly overrides: readonly Override[];
  readonly dataFolder?: string;
  readonly out?: string;
  /** Folder of results to keep the table in. */
  readonly save?: string;
  readonly backend: BackendOptions;
  readonly quiet: boolean;
  /** As typed, to print with the table. */
  readonly command: string;
}
