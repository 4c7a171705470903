import { closest } from '@seqrec/data/closest';
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';

type Issue = z.core.$ZodIssue;

/**
 * Validates `value` against a strict zod object and returns it with defaults filled in.
 *
 * @param what names the configuration in messages, for example `'model config (hstu)'`.
 * @throws ConfigError with one line per problem: the key's path, what was expected, what was got and, for an
 *   unknown key, the nearest known one.
 */
export function parseConfig<S extends z.ZodObject>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => describeIssue(issue, value, schema));
  const head =
    lines.length === 1 ? `${what}: ${lines[0].text}` : `${what}:\n${lines.map((l) => `  ${l.text}`).join('\n')}`;
  throw new ConfigError(head, lines[0].path);
}

interface Line {
  readonly path: string;
  readonly text: string;
}

function describeIssue(issue: Issue, value: unknown, schema: z.ZodObject): Line[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(schema.shape);
    return issue.keys.map((key) => {
      const full = path === '' ? key : `${path}.${key}`;
      // The keys of a nested object depend on its kind; only those of the top level are known here.
      const nested = issue.path.length > 0;
      const near = nested ? undefined : closest(key, known);
      const list = nested ? 'no such setting there' : `known keys: ${known.join(', ')}`;
      const hint = near === undefined ? list : `did you mean '${near}'?`;
      return { path: full, text: `${full}: expected a known key; got '${full}'; ${hint}` };
    });
  }
  const got = at(value, issue.path);
  const where = path === '' ? '' : `${path}: `;
  return [{ path, text: `${where}expected ${expectation(issue)}; got ${show(got)}${spelling(issue, got)}` }];
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'an integer' : `a value of type ${issue.expected}`;
    case 'too_small':
      return `${issue.origin} ${issue.inclusive ? '>=' : '>'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.origin} ${issue.inclusive ? '<=' : '<'} ${issue.maximum}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? quote(issue.values[0])
        : `one of ${issue.values.map((entry) => quote(entry)).join(', ')}`;
    default:
      return issue.message;
  }
}

function spelling(issue: Issue, got: unknown): string {
  if (issue.code !== 'invalid_value' || typeof got !== 'string') return '';
  const near = closest(
    got,
    issue.values.filter((entry) => typeof entry === 'string'),
  );
  return near === undefined ? '' : `; did you mean '${near}'?`;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<PropertyKey, unknown>)[key];
  }
  return here;
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'string') return quote(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
