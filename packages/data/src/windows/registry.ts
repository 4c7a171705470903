import { OptionError } from '../errors.ts';
import { isKindName, KIND_NAME_IN_WORDS } from '../kind-name.ts';
import type { WindowPolicy } from './policy.ts';
import { slidingRules } from './sliding-rules.ts';

/** A rule of windows that a package of somebody else brings. */
export interface WindowsDefinition<C extends { readonly policy: string } = { readonly policy: string }> {
  /** Its name in configurations, `windows.policy`. */
  readonly policy: string;
  /** An object schema of zod, `z.strictObject({ policy: z.literal(...), ... })`. */
  readonly schema: { parse(config: unknown): C };
  /**
   * The policy that a configuration describes, for a model that reads `maxLength` events. What it draws comes from the
   * seed, the epoch and the example alone. @throws OptionError for settings that do not go together.
   */
  create(config: C, options: { readonly maxLength: number; readonly seed: number }): WindowPolicy;
}

/** Rules of this package, by the names that configurations have for them. */
const taken: readonly string[] = [...slidingRules, 'stochastic-length'];

const definitions = new Map<string, WindowsDefinition<never>>();

/**
 * Makes a rule of windows known: through a plug-in, `windows.policy` takes it from then on.
 *
 * @throws OptionError for a policy that is known already, a name that is none, or a definition without `schema.parse`
 *   or `create`.
 */
export function defineWindows<C extends { readonly policy: string }>(definition: WindowsDefinition<C>): void {
  const { policy, schema, create } = definition;
  const wrong = (key: string, message: string): OptionError =>
    new OptionError('defineWindows', `${key}: expected ${message}`, { key });
  if (!isKindName(policy)) throw wrong('policy', `${KIND_NAME_IN_WORDS}; got ${JSON.stringify(policy)}`);
  if (taken.includes(policy) || definitions.has(policy))
    throw wrong('policy', `one that is not known yet; got '${policy}'; choose another name`);
  if (typeof schema?.parse !== 'function') throw wrong('schema', `an object schema of zod; got none`);
  if (typeof create !== 'function') throw wrong('create', `a function of a configuration; got ${typeof create}`);
  definitions.set(policy, definition as unknown as WindowsDefinition<never>);
}

/** The rules that were defined, in that order. */
export function definedWindows(): readonly WindowsDefinition[] {
  // Of configurations of their own policies, which their schemas make sure of.
  return [...definitions.values()] as unknown as readonly WindowsDefinition[];
}
