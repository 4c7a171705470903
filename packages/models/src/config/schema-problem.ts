import type { z } from 'zod';

/**
 * What is wrong with the schema of somebody's configurations, which has to be strict and of one kind; nothing where it
 * is right. It is asked, not looked into, since a plug-in may bring a copy of zod of its own: what it says of another
 * kind and of a key that nobody has.
 *
 * @param tag the key that says the kind, `kind` or `policy`.
 */
export function schemaProblem(schema: object | undefined, tag: string, kind: string): string | undefined {
  const { safeParse } = (schema ?? {}) as Partial<z.ZodType>;
  if (typeof safeParse !== 'function') return 'no schema of zod';
  const issues = (schema as z.ZodType).safeParse({ [tag]: `not ${kind}`, 'no such key': 1 }).error?.issues ?? [];
  const ofKind = issues.some(
    (issue) => issue.code === 'invalid_value' && issue.path.join('.') === tag && issue.values.includes(kind),
  );
  if (!ofKind) return 'one that takes another kind';
  const isStrict = issues.some((issue) => issue.code === 'unrecognized_keys' && issue.path.length === 0);
  return isStrict ? undefined : 'one that takes any key';
}
