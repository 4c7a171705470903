import { z } from 'zod';
import { Definitions } from '../config/definitions.ts';
import { parseConfig } from '../config/parse.ts';
import type { Flops } from '../flops/flops.ts';
import type { TimeReader } from '../reads-times.ts';
import type { ObjectiveConfig, ObjectiveConfigInput } from './config.ts';
import type { ObjectiveDefinition } from './definition.ts';
import { ownObjectives } from './definitions.ts';
import type { ObjectiveWork } from './flops.ts';

const definitions = new Definitions<ObjectiveDefinition<never>>(
  { define: 'defineObjective', what: 'objective', place: 'objective' },
  ownObjectives,
);

/** What a configuration without a kind means: there were no others once. */
const USUAL = 'sampled-softmax';

/**
 * Makes a kind of objective known: `createObjective` and, through a plug-in, the command line take it from then on. The
 * objectives of this package use the same door.
 *
 * @throws ConfigError for a kind that is known already, a name that is none, or a schema that is not of this kind.
 */
export function defineObjective<C extends { readonly kind: string }>(definition: ObjectiveDefinition<C>): void {
  definitions.define(definition as unknown as ObjectiveDefinition<never>);
}

/** The kinds of objective that `createObjective` knows, in the order of definition. */
export function objectiveKinds(): readonly string[] {
  return definitions.kinds;
}

/** The definition of the kind that a configuration names. @throws ConfigError for a kind that is not known. */
export function objectiveDefinition(config: unknown): ObjectiveDefinition<never> {
  return definitions.of(config, USUAL);
}

/** The schema of the configurations of all objectives that are known by now. */
export function knownObjectiveSchema(): z.ZodType<ObjectiveConfig, ObjectiveConfigInput> {
  return z.discriminatedUnion('kind', definitions.all.map(({ schema }) => schema) as never) as never;
}

/**
 * Validates the configuration of an objective and fills in defaults.
 *
 * @throws ConfigError for an unknown kind (lists the known ones), an unknown key or a value outside its range.
 */
export function parseObjectiveConfig(config: unknown): ObjectiveConfig {
  const { schema } = objectiveDefinition(config);
  return parseConfig(schema as unknown as z.ZodObject, config, 'objective') as ObjectiveConfig;
}

/** The settings by which an objective reads the times of events; none for one of their order alone. */
export function objectiveTimeReaders(config: { readonly kind?: string }): TimeReader[] {
  return objectiveDefinition(config).timeReaders?.(config as never) ?? [];
}

/** Work of an objective's products in a training step; nothing where its definition has no `flops`. */
export function objectiveFlops(config: ObjectiveConfigInput, work: ObjectiveWork): Flops | undefined {
  const parsed = parseObjectiveConfig(config);
  return objectiveDefinition(parsed).flops?.(parsed as never, work);
}

/** Whether the loss of an objective scores every item, so that its item table is trained dense. */
export function scoresAllItems(config: { readonly kind?: string }): boolean {
  return objectiveDefinition(config).scoresAllItems ?? false;
}
