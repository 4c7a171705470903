import { isKindName, KIND_NAME_IN_WORDS } from '@seqrec/data';
import { closest } from '@seqrec/data/closest';
import { ConfigError } from '../errors.ts';
import type { BaselineDefinition } from './definition.ts';
import { ownBaselines } from './definitions.ts';

const definitions = new Map<string, BaselineDefinition<never>>(ownBaselines.map((each) => [each.name, each]));

/**
 * Makes a baseline known: `evaluation.baselines` and benchmarks take it from then on. The baselines of this package use
 * the same door; a limit of memory is a setting, which theirs alone have.
 *
 * @throws ConfigError for a name that is known already or is none.
 */
export function defineBaseline(definition: Omit<BaselineDefinition, 'bytes' | 'about'>): void {
  const { name } = definition;
  if (!isKindName(name))
    throw new ConfigError(`defineBaseline: name: expected ${KIND_NAME_IN_WORDS}; got ${JSON.stringify(name)}`, 'name');
  if (definitions.has(name))
    throw new ConfigError(
      `defineBaseline: name: expected a baseline that is not known yet; got '${name}'; choose another name, for example with your package's before it`,
      'name',
    );
  if (typeof definition.fit !== 'function')
    throw new ConfigError(
      `defineBaseline: fit: expected a function of the training part; got ${typeof definition.fit}`,
      'fit',
    );
  definitions.set(name, definition as BaselineDefinition<never>);
}

/** Whether a baseline is of this package: those of others may change while they are written. */
export function isOwnBaseline(name: string): boolean {
  return ownBaselines.some((own) => own.name === name);
}

/** The baselines that are known by now, in the order of definition. */
export function knownBaselines(): readonly string[] {
  return [...definitions.keys()];
}

/** The baseline of a name. @throws ConfigError with the known ones. */
export function baselineOf(name: string): BaselineDefinition {
  const found = definitions.get(name);
  // Of settings of its own, which the configuration makes sure of.
  if (found !== undefined) return found as unknown as BaselineDefinition;
  const near = closest(name, knownBaselines());
  throw new ConfigError(
    `baseline: expected one of ${knownBaselines().join(', ')}; got '${name}'${near === undefined ? '; one of your own comes with its plug-in' : `; did you mean '${near}'?`}`,
    'evaluation.baselines',
  );
}
