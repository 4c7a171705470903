import { join } from 'node:path';
import type { BackendOptions } from '../../run/process/backend.ts';
import { definitionTitle } from '../definitions.ts';
import type { Benchmark } from './benchmark.ts';
import type { Cell } from './cell.ts';
import type { Selection } from './cells.ts';
import type { TuneOptions } from './tune-cell.ts';

/** What `seqrec benchmark` is asked for. */
export interface BenchmarkRequest extends Selection {
  /** A name, or a file of one's own. */
  readonly benchmark: string;
  readonly seeds: readonly number[];
  /** Each cell is tuned under this budget before the grid. */
  readonly tune?: TuneOptions;
  /** Each cell is also trained anew on the validation part, for the epochs that it has chosen. */
  readonly retrain?: boolean;
  /** Processes that share the runs; absent: this one makes them one after another. */
  readonly jobs?: number;
  /** Files of saved results of the same benchmark, whose other rows and seeds are not run again. */
  readonly include?: readonly string[];
  readonly dataFolder?: string;
  readonly out?: string;
  /** Folder of results to keep the tables in. */
  readonly save?: string;
  readonly backend: BackendOptions;
  readonly quietly: boolean;
  /** As typed, to print with the tables. */
  readonly command: string;
}

/** Folder of the runs and tables of a benchmark. */
export function benchmarkFolder({ out, benchmark, quick = false }: BenchmarkRequest): string {
  return out ?? join('runs', `benchmark-${definitionTitle(benchmark).replaceAll('/', '-')}${quick ? '-quick' : ''}`);
}

/** How a cell is tuned. */
export function tuningOf(request: BenchmarkRequest, options: TuneOptions, benchmark: Benchmark, cell: Cell) {
  return {
    ...options,
    command: request.command,
    space: benchmark.models[cell.model].space,
    fixed: request.overrides,
    out: join(benchmarkFolder(request), 'tuning'),
  };
}
