import type { ExampleSet, Interactions } from '@seqrec/data';
import type { z } from 'zod';
import type { Capability } from '../definition.ts';
import type { Model } from '../model.ts';
import type { Objective } from '../objectives/objective.ts';
import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';
import type { Task } from './task.ts';

/** What a task may know of the data and the configuration before training. */
export interface TaskData {
  /** The training set, as the trainer is given it. */
  readonly train: ExampleSet;
  /** All rows, whatever the split: names, roles and vocabularies of columns. What is tested is among them. */
  readonly data: Interactions;
  /** Codes of the items, a row an item, where the run has fitted or read them. */
  readonly codes?: Codes;
  /**
   * The objective that the configuration has beside the task, for tasks over encoded histories. A task with a loss of
   * its own does not ask.
   */
  objective(): Objective;
}

/** A kind of task: what a file here, or a package of somebody else, brings. */
export interface TaskDefinition<
  C extends { readonly kind: string } = { readonly kind: string },
  M extends Model = Model,
> {
  /** Its name in configurations, `task.kind`. */
  readonly kind: string;
  /**
   * What a model must be able to do to be trained for it. With `rank` the command line runs it over rows, and `create`
   * gives a `RankingTask`: most easily `rankingTask(...)` with another `loss`.
   */
  readonly needs: Capability;
  /** `z.strictObject` with `kind: z.literal(kind)`; fields with a default may be left out by who configures. */
  readonly schema: z.ZodType<C>;
  /** The task that a configuration describes. @throws ConfigError for settings that do not go with the data. */
  create(config: C, data: TaskData): Task<M>;
}
