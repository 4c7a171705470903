import type { ExampleSet } from '@seqrec/data';
import type { z } from 'zod';
import type { Flops } from '../flops/flops.ts';
import type { TimeReader } from '../reads-times.ts';
import type { LabelsConfig } from './config.ts';
import type { SketchOptions } from './count-min-sketch.ts';
import type { ObjectiveWork } from './flops.ts';
import type { Frequencies } from './frequencies.ts';
import type { Objective } from './objective.ts';

/** What an objective may know of the data before training. */
export interface ObjectiveData {
  /** The training set: all that labels are drawn from. */
  readonly examples: ExampleSet;
  /**
   * Whether a window policy cuts other windows from the examples in every epoch: every positive event of an example
   * but its first can be a label then.
   */
  readonly windowsMove: boolean;
  /**
   * How often items are labels of the examples, for a logQ correction: counted, or estimated by a sketch.
   *
   * @param labels which events are labels; default next-item. Where windows move its least rating alone counts.
   * @throws ConfigError when labels have a least rating and the data no ratings.
   */
  frequencies(labels?: LabelsConfig, sketch?: SketchOptions): Frequencies;
}

/** A kind of objective: what a file here, or a package of somebody else, brings. */
export interface ObjectiveDefinition<C extends { readonly kind?: string } = { readonly kind: string }> {
  /** Its name in configurations, `objective.kind`. */
  readonly kind: string;
  /** `z.strictObject` with `kind: z.literal(kind)`; fields with a default may be left out by who configures. */
  readonly schema: z.ZodType<C>;
  /** The objective that a configuration describes. @throws ConfigError for settings that do not go with the data. */
  create(config: C, data: ObjectiveData): Objective;
  /** Whether its loss scores every item: then nothing can name beforehand what rows a step reads. Default: not. */
  readonly scoresAllItems?: boolean;
  /**
   * Work of its products in a training step, forwards and backwards. Without it the FLOPs of a run are not told, and
   * `scale compute` does not take the objective.
   */
  flops?(config: C, work: ObjectiveWork): Flops;
  /** The settings by which it reads the times of events; absent: none. */
  timeReaders?(config: C): TimeReader[];
}
