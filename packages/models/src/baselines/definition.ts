import type { ExampleSet } from '@seqrec/data';
import type { ExcludeSeen } from '../evaluate/seen.ts';
import type { Scorer } from './scorer.ts';

export interface FitBaselineOptions<S extends object> {
  /** What `evaluation` says of it; of a baseline without settings nothing. */
  readonly settings: S;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A baseline: what a file here, or a package of somebody else, brings. */
export interface BaselineDefinition<S extends object = object> {
  /** Its name in `evaluation.baselines`. */
  readonly name: string;
  /** Fits it to the training part, before windows are cut. */
  fit(train: ExampleSet, options: FitBaselineOptions<S>): Scorer | Promise<Scorer>;
  /** What {@link fit} counts while it goes on: `items`, `blocks`. */
  readonly steps?: string;
  /** Why it cannot stand beside a model, told in the place of its figures; `undefined` where it can. */
  unfit?(train: ExampleSet, rules: { readonly excludeSeen: ExcludeSeen }): string | undefined;
  /** Bytes that its fit takes: more than `maxMemory` of its settings are refused. */
  bytes?(train: ExampleSet): number;
  /** What is said of its fit beside the bytes, before it begins. */
  about?(train: ExampleSet): string;
}
