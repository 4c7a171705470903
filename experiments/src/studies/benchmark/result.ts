import type { Settings } from '../../config/search-space.ts';
import type { RunCost } from '../reproduce/cost.ts';
import type { PublishedRow } from './benchmark.ts';
import type { ListFigures } from './test-sets.ts';

/** Figures of a row under one seed; of a baseline, which has none. */
export interface GridRow {
  readonly data: string;
  readonly protocol: string;
  /** Name of the targets; empty for those of the protocol itself. */
  readonly test: string;
  /** Model and loss, or baseline. */
  readonly row: string;
  readonly model?: string;
  readonly loss?: string;
  readonly isBaseline: boolean;
  /** Trained on the validation part as well, for the epochs that it had chosen. */
  readonly retrained?: boolean;
  readonly seed?: number;
  readonly run?: string;
  /** Digest of what its model is trained by; absent in results from before it was kept. */
  readonly definition?: string;
  /** What was changed for it, where it is of an earlier result for which other things were. */
  readonly changed?: readonly string[];
  readonly metrics: Readonly<Record<string, number>>;
  /** The first metric of parts of the queries, by segment; of the targets of the protocol itself. */
  readonly segments?: Readonly<Record<string, number>>;
  /** Of the lists of ten: share of the items in them, and their popularity over that of the targets. */
  readonly lists?: ListFigures;
  /** File of the ranks. */
  readonly ranks: string;
  readonly parameters?: number;
  readonly epochs?: number;
  /** How its settings were found: trials and budget. */
  readonly tuning?: string;
  /** Of the optimiser steps. */
  readonly seconds?: number;
  /** Of training, see `trainingFlops`. */
  readonly flops?: number;
}

/** What a search gave a cell. */
export interface TunedCell {
  readonly data: string;
  readonly protocol: string;
  readonly row: string;
  readonly settings: Settings;
  /** Of the winner on the validation set. */
  readonly metric: string;
  readonly value: number;
  /** Trials and budget, in words. */
  readonly tuning: string;
}

/** A row against the best model of its table. */
export interface Comparison {
  readonly row: string;
  readonly best: string;
  /** Those that both have; absent in results from before they were kept. */
  readonly seeds?: readonly number[];
  /** Mean over seeds of `row - best`, with its 95 % bootstrap interval over users; none over too few. */
  readonly difference: number;
  readonly low?: number;
  readonly high?: number;
  /** In how many seeds the interval of the seed alone is below, above, or holds 0; in none without intervals. */
  readonly behind: number;
  readonly ahead: number;
  readonly equal: number;
}

/** The comparisons of one table. */
export interface TableComparisons extends Pick<GridRow, 'data' | 'protocol' | 'test'> {
  readonly rows: readonly Comparison[];
}

/** Everything that a benchmark says. */
export interface BenchmarkResult {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly command: string;
  readonly notes: readonly string[];
  /** What was changed on the command line, and other deviations. */
  readonly remarks: readonly string[];
  readonly metrics: readonly string[];
  readonly published: readonly PublishedRow[];
  readonly tolerance?: number;
  readonly counts: readonly {
    readonly data: string;
    readonly protocol: string;
    readonly users: number;
    readonly items: number;
    readonly events: number;
    readonly train: number;
    readonly validation: number;
    /** Queries of each test, by its name. */
    readonly tests: Readonly<Record<string, number>>;
    /** Queries of each segment of the test. */
    readonly segments: Readonly<Record<string, number>>;
    /** How the data came about, a sentence each. */
    readonly steps: readonly string[];
  }[];
  readonly rows: readonly GridRow[];
  /** Every row against the best model of its table, by the first metric. */
  readonly comparisons: readonly TableComparisons[];
  /** Of each cell that was tuned: what won on the validation set. */
  readonly tuned?: readonly TunedCell[];
  readonly costs: readonly RunCost[];
}
