import { baselineOf, type baselineSchemas, knownBaselines } from '@seqrec/models';
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';

/** What stands beside a model unless others are asked for. */
export const defaultBaselines = ['popularity', 'item-knn', 'last-item', 'ease'] as const;

/** Keys of `evaluation` that are of all baselines. */
export const settingsOfAllBaselines = ['baselineHistory', 'tuneBaselines'] as const;

/** The baselines that have settings, each with the key of `evaluation` that has them. */
function sections(): { readonly name: string; readonly key: string; readonly schema: z.ZodType<object> }[] {
  return knownBaselines().flatMap((name) => {
    const { settings } = baselineOf(name);
    return settings === undefined ? [] : [{ name, key: settings.key, schema: settings.schema }];
  });
}

/** The keys of `evaluation` that are settings of baselines: none of them decides a weight or a rank of a model. */
export function baselineSettings(): string[] {
  return [...settingsOfAllBaselines, ...sections().map(({ key }) => key)];
}

/** What `evaluation` says of them where nothing is written. */
export function baselineDefaults(): Readonly<Record<string, object>> {
  return Object.fromEntries(sections().map(({ key, schema }) => [key, schema.parse({})]));
}

/** Those of this package; those of plug-ins have keys that no type knows. */
type Sections = { readonly [K in keyof typeof baselineSchemas]: z.ZodPrefault<(typeof baselineSchemas)[K]> };

/** What `evaluation` can say of each baseline that has settings. @param others its other keys. */
export function baselineSections(others: readonly string[]): Sections {
  const all = Object.fromEntries(
    sections().map(({ name, key, schema }) => {
      if (others.includes(key))
        throw new ConfigError(
          `defineBaseline: settings.key: expected one that is no other key of evaluation; got '${key}' of '${name}'`,
        );
      return [key, schema.prefault({}).describe(`Settings of the baseline \`${name}\`.`)];
    }),
  );
  return all as unknown as Sections;
}
