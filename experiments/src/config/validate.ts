import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { type ConfigIssue, configIssues, explained, renderPath } from './issues.ts';

/** Where what is wrong comes from: the text before the key, `--` or `file:line:column: `. */
export type PlaceOf = (issue: Pick<ConfigIssue, 'path' | 'unknownKey'>) => string;

/**
 * Parses a value, once.
 *
 * @param place where the value comes from, the same for all of it or for each key.
 * @throws ConfigError that lists everything that is wrong.
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown, place: string | PlaceOf = ''): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const placeOf = typeof place === 'string' ? () => place : place;
  const lines = configIssues(schema, value, result.error).map(
    (issue) => `${placeOf(issue)}${renderPath(issue.path)}: ${explained(schema, value, issue)}`,
  );
  throw new ConfigError(lines.join('\n'));
}
