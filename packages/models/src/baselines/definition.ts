import type { ExampleSet } from '@seqrec/data';
import type { z } from 'zod';
import type { ExcludeSeen } from '../evaluate/seen.ts';
import type { Scorer } from './scorer.ts';

/** What can be chosen of a baseline. */
export interface BaselineSettings<S extends object> {
  /** Where `evaluation` has them. */
  readonly key: string;
  /** Each with a default: `evaluation` may say nothing. */
  readonly schema: z.ZodType<S>;
  /** Values of some of them, all combinations of which are tried where `evaluation.tuneBaselines` asks for it. */
  readonly tries?: { readonly [K in keyof S]?: readonly S[K][] };
}

export interface FitBaselineOptions<S extends object> {
  /** What `evaluation` says of it, or what is tried; of a baseline without settings nothing. */
  readonly settings: S;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A baseline: what a file here, or a package of somebody else, brings. */
export interface BaselineDefinition<S extends object = object> {
  /** Its name in `evaluation.baselines`. */
  readonly name: string;
  readonly settings?: BaselineSettings<S>;
  /** Fits it to the training part, before windows are cut. */
  fit(train: ExampleSet, options: FitBaselineOptions<S>): Scorer | Promise<Scorer>;
  /** What {@link fit} counts while it goes on: `items`, `blocks`. */
  readonly steps?: string;
  /** Why it cannot stand beside a model, told in the place of its figures; `undefined` where it can. */
  unfit?(train: ExampleSet, rules: { readonly excludeSeen: ExcludeSeen }): string | undefined;
  /** Bytes that its fit takes: more than `maxMemory` of its settings, in MiB, are refused. */
  bytes?(train: ExampleSet): number;
  /** What is said of its fit beside the bytes, before it begins. */
  about?(train: ExampleSet): string;
}
