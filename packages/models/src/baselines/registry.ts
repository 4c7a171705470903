import { isKindName, KIND_NAME_IN_WORDS } from '@seqrec/data';
import { closest } from '@seqrec/data/closest';
import { ConfigError } from '../errors.ts';
import type { BaselineDefinition, BaselineSettings } from './definition.ts';
import { ownBaselines } from './definitions.ts';

const definitions = new Map<string, BaselineDefinition<never>>(ownBaselines.map((each) => [each.name, each]));

/**
 * Makes a baseline known: `evaluation.baselines` and benchmarks take it from then on. The baselines of this package use
 * the same door.
 *
 * @throws ConfigError for a name that is known already or is none, and for settings under a key that others have, or
 *   without a default each.
 */
export function defineBaseline<S extends object = object>(definition: BaselineDefinition<S>): void {
  const { name, settings } = definition;
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
  if (settings !== undefined) checkSettings(settings);
  definitions.set(name, definition as unknown as BaselineDefinition<never>);
}

function checkSettings<S extends object>({ key, schema, tries = {} }: BaselineSettings<S>): void {
  const fail = (at: string, message: string): never => {
    throw new ConfigError(`defineBaseline: settings.${at}: expected ${message}`, `settings.${at}`);
  };
  if (!/^[a-z]\w*$/i.test(key)) fail('key', `a name of letters and digits; got ${JSON.stringify(key)}`);
  const other = [...definitions.values()].find((each) => each.settings?.key === key);
  if (other !== undefined)
    fail('key', `one that no other baseline has; got '${key}', which is that of '${other.name}'`);
  const { data, error } = schema.safeParse({});
  if (error !== undefined) fail('schema', `a default for each setting; got: ${error.issues[0].message}`);
  for (const [setting, values] of Object.entries(tries as Readonly<Record<string, readonly unknown[]>>))
    for (const value of values) {
      if (!schema.safeParse({ ...data, [setting]: value }).success)
        fail(`tries.${setting}`, `values that the schema takes; got ${JSON.stringify(value)}`);
    }
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
