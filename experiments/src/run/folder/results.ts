import { existsSync } from 'node:fs';
import type { ReliabilityBin } from '@seqrec/models';
import type { WindowTests } from '../evaluation/window-tests.ts';
import type { BaselineVerdict } from '../verdict/verdict.ts';
import type { LeftOut } from '../verdict/verdict-text.ts';
import { readJson, writeJson } from './atomic.ts';
import type { RunDir } from './run-dir.ts';

/** Metrics of one model or baseline on one evaluated set. */
export interface ScoredModel {
  readonly name: string;
  readonly split: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** 95 % bootstrap interval over users of each metric, where the ranks are kept. */
  readonly intervals?: Readonly<Record<string, readonly [number, number]>>;
  /** What a reader of the metrics must know, such as many targets that tie with other items. Absent: nothing. */
  readonly warnings?: readonly string[];
  /** Of a baseline of a run of sequences on the test set: the metrics of its parts. */
  readonly segments?: readonly SegmentTable[];
}

export interface NamedItem {
  readonly item: string;
  readonly title?: string;
}

/** The warnings of several models, each with the names of those that have it. */
export function warningsOf(models: readonly ScoredModel[]): string[] {
  const names = new Map<string, { readonly text: string; readonly split: string; readonly of: string[] }>();
  for (const { name, split, warnings = [] } of models) {
    for (const text of warnings) {
      const key = JSON.stringify([split, text]);
      const same = names.get(key);
      if (same === undefined) names.set(key, { text, split, of: [name] });
      else same.of.push(name);
    }
  }
  return [...names.values()].map(({ text, split, of }) => `${of.join(', ')} on ${split}: ${text}.`);
}

/** Recommendations for one user of the test set. */
export interface SampleRecommendation {
  readonly user: string;
  /** The latest events, oldest first. */
  readonly history: readonly (NamedItem & { readonly time?: string })[];
  readonly recommendations: readonly (NamedItem & { readonly score: number })[];
  /** What the user did next, where the model ranked it, and how many other items have its score. */
  readonly target?: NamedItem & { readonly rank: number; readonly tied?: number };
}

/** `results.json`: everything that the report shows and the metrics file does not hold. */
export interface RunResults {
  readonly status: 'running' | 'interrupted' | 'failed' | 'finished';
  /** Of an interrupted run. */
  readonly resumeCommand?: string;
  /** Of a failed run: what its last process ended with. */
  readonly error?: string;
  /** Candidate set, seen-item rule, ties, averaging: one sentence each. */
  readonly definitions: readonly string[];
  readonly baselines: readonly ScoredModel[];
  /** What can be reached on the test set, where the law of the data is known. */
  readonly limits?: readonly ScoredModel[];
  /** Trained numbers of the model: all, and those that are no row of the item or position table. */
  readonly parameters?: { readonly total: number; readonly encoder: number };
  /** Baselines that were asked for and do not stand there, and why. */
  readonly leftOut?: readonly LeftOut[];
  /** The model against each baseline on the test set, when training has finished. */
  readonly verdict?: readonly BaselineVerdict[];
  /** The chosen checkpoint on the test set, when training has finished. */
  readonly final?: ScoredModel & { readonly checkpoint: string; readonly epoch: number };
  /** The same checkpoint on the window test sets, when users were held out of training. */
  readonly windowTests?: WindowTests;
  readonly samples: readonly SampleRecommendation[];
  /** Of a ranking run: the final predictions as they are, and recalibrated on the validation set. */
  readonly calibration?: Calibration;
  /** The metrics of parts of the test set, column by column. */
  readonly segments?: readonly SegmentTable[];
}

/** Predictions against labels on one set. */
export interface Calibration {
  readonly split: string;
  readonly variants: readonly {
    /** `model`, or the kind of the calibrator. */
    readonly name: string;
    readonly metrics: Readonly<Record<string, number>>;
    readonly curve: readonly ReliabilityBin[];
  }[];
  readonly definitions: readonly string[];
}

export interface SegmentTable {
  readonly column: string;
  /** What is told apart, and how many of them are in none of the parts; absent in results of earlier versions. */
  readonly of?: 'queries' | 'rows';
  readonly leftOut?: number;
  readonly parts: readonly {
    readonly segment: string;
    readonly rows: number;
    readonly metrics: Readonly<Record<string, number>>;
  }[];
}

/** `results.json` of a run, when a process has written it. */
export function savedResults(run: RunDir): RunResults | undefined {
  return existsSync(run.results) ? (readJson(run.results) as RunResults) : undefined;
}

/** How a process left a run that it did not finish; what an earlier one had finished stays. */
export type Unfinished =
  | { readonly status: 'running' }
  | { readonly status: 'interrupted'; readonly resumeCommand: string }
  | { readonly status: 'failed'; readonly error: string };

/** What the report of an unfinished run says. */
export function leaveRun(run: RunDir, unfinished: Unfinished): void {
  const {
    resumeCommand: _,
    error: __,
    ...before
  } = savedResults(run) ?? { definitions: [], baselines: [], samples: [] };
  writeJson(run.results, { ...before, ...unfinished } satisfies RunResults);
}
