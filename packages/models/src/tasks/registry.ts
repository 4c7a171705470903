import type { ExampleSet } from '@seqrec/data';
import { z } from 'zod';
import { Definitions } from '../config/definitions.ts';
import { parseConfig } from '../config/parse.ts';
import type { Capability } from '../definition.ts';
import { ConfigError } from '../errors.ts';
import type { Model, Ranker, TokenEncoder } from '../model.ts';
import type { ObjectiveConfigInput } from '../objectives/config.ts';
import { createObjective } from '../objectives/create.ts';
import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';
import type { TaskDefinition } from './definition.ts';
import { denseOf, type GenerationConfig, generationConfigSchema } from './generation/config.ts';
import { spokenLanguage } from './generation/spoken.ts';
import { generationTask } from './generation/task.ts';
import { type RankingConfig, rankingConfigSchema } from './ranking/config.ts';
import { rankingLabels } from './ranking/labels.ts';
import { rankingTask } from './ranking/task.ts';
import { retrievalTask } from './retrieval.ts';
import type { Task } from './task.ts';

/** `task` of a configuration: the vectors of histories against those of items, under the section `objective`. */
export const retrievalConfigSchema = z
  .strictObject({ kind: z.literal('retrieval') })
  .describe('The vectors of histories against those of items, under the section `objective`.');
export type RetrievalConfig = z.output<typeof retrievalConfigSchema>;

const retrieval: TaskDefinition<RetrievalConfig, TokenEncoder> = {
  kind: 'retrieval',
  needs: 'encode',
  schema: retrievalConfigSchema,
  create: (_, { objective }) => retrievalTask(objective()),
};

const ranking: TaskDefinition<RankingConfig, Ranker> = {
  kind: 'ranking',
  needs: 'rank',
  schema: rankingConfigSchema,
  create: (config, { train }) => rankingTask(config, rankingLabels(config, train), train),
};

const generation: TaskDefinition<GenerationConfig> = {
  kind: 'generation',
  needs: 'generate',
  /** Made when it is asked for: plug-ins may have defined tokenizers by then. */
  get schema() {
    return generationConfigSchema();
  },
  create: (config, { codes, objective, train }) => {
    if (codes === undefined)
      throw new ConfigError('createTask: codes: expected those of the items, for generation; got none', 'codes');
    const { language } = config;
    const spoken = language && spokenLanguage(language, codes, train);
    return generationTask(codes, objective(), { dense: denseOf(config), spoken });
  },
};

/** The tasks of this package. */
const definitions = new Definitions<TaskDefinition<never, never>>(
  { define: 'defineTask', what: 'task', place: 'task' },
  [retrieval, generation, ranking] as unknown as TaskDefinition<never, never>[],
);

/**
 * Makes a kind of task known: `createTask` and, through a plug-in, the command line take it from then on. The tasks of
 * this package use the same door.
 *
 * @throws ConfigError for a kind that is known already, a name that is none, or a schema that is not of this kind.
 */
export function defineTask<C extends { readonly kind: string }, M extends Model>(
  definition: TaskDefinition<C, M>,
): void {
  definitions.define(definition as unknown as TaskDefinition<never, never>);
}

/** The kinds of task that {@link createTask} knows, all or those that need a capability, in the order of definition. */
export function taskKinds(needs?: Capability): readonly string[] {
  return definitions.all.filter((each) => needs === undefined || each.needs === needs).map(({ kind }) => kind);
}

/** The schema of the configurations of all tasks that need one of these capabilities. */
export function knownTaskSchema(...needs: readonly Capability[]): z.ZodType<{ readonly kind: string }> {
  const schemas = definitions.all.filter((each) => needs.includes(each.needs)).map(({ schema }) => schema);
  return z.discriminatedUnion('kind', schemas as never) as never;
}

/** What a model must be able to do for a task. @throws ConfigError for a kind that is not known. */
export function capabilityFor(config: { readonly kind: string }): Capability {
  return definitions.of(config).needs;
}

export interface CreateTaskOptions {
  /** The training set, as the trainer is given it. */
  readonly train: ExampleSet;
  /** The objective beside the task; default: a sampled softmax. */
  readonly objective?: ObjectiveConfigInput | { readonly kind: string };
  /** What labels are drawn from, where windows reach another part of the histories than `train`; default `train`. */
  readonly reached?: ExampleSet;
  /** Codes of the items, a row an item, of generation. */
  readonly codes?: Codes;
  /** See `createObjective`. */
  readonly windowsMove?: boolean;
}

/**
 * The task that a configuration describes.
 *
 * @throws ConfigError for an unknown kind (lists the known ones), an unknown key, a value outside its range, or data
 *   that the task cannot be learned from.
 */
export function createTask<C extends { readonly kind: string }>(config: C, options: CreateTaskOptions): Task {
  const definition = definitions.of(config);
  const parsed = parseConfig(definition.schema as unknown as z.ZodObject, config, `task (${definition.kind})`);
  const { train, objective = {}, reached = train, codes, windowsMove = false } = options;
  return definition.create(parsed as never, {
    train,
    data: train.interactions,
    ...(codes && { codes }),
    objective: () => createObjective(objective as ObjectiveConfigInput, reached, { windowsMove }),
  }) as unknown as Task;
}
