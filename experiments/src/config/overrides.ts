import type { z } from 'zod';
import type { Override } from '../arguments.ts';
import { ConfigError } from '../errors.ts';
import { suggestion } from '../suggest.ts';
import { configIssues, explained, knownKeys, renderPath, takesKey } from './issues.ts';
import { tags } from './settings.ts';

/**
 * A configuration with dotted overrides applied, checked against its schema.
 *
 * The text `4` is read as a number where the schema takes one, as text elsewhere; `true`, `false`, `null` and JSON
 * lists likewise, and `a,b` or `a` as a list where the schema takes one. Every problem is reported at once, each
 * with its key. An override of `kind`, `format` or `policy` keeps of its section what the new kind has too, and
 * takes defaults for the rest.
 */
export function applyOverrides<S extends z.ZodType>(
  schema: S,
  base: unknown,
  overrides: readonly Override[],
): z.output<S> {
  let value: unknown = structuredClone(base);
  for (const override of overrides) {
    const path = override.key.split('.');
    checkReachable(schema, value, path, override.key);
    value = firstAccepted(schema, value, path, [...readings(override.text), ...listOf(override.text)]);
  }
  return validate(schema, value, overrides.length > 0 ? '--' : '');
}

/** Parses a value or throws one `ConfigError` that lists what is wrong. */
export function validate<S extends z.ZodType>(schema: S, value: unknown, prefix = ''): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = configIssues(schema, value, result.error);
  throw new ConfigError(
    issues.map((issue) => `${prefix}${renderPath(issue.path)}: ${explained(schema, value, issue)}`).join('\n'),
  );
}

/** What a text on the command line can mean, the more specific reading first. */
function readings(text: string | true): unknown[] {
  if (text === true) return [true];
  const trimmed = text.trim();
  const meanings: unknown[] = [];
  if (trimmed !== '' && Number.isFinite(Number(trimmed))) meanings.push(Number(trimmed));
  else if (trimmed === 'true' || trimmed === 'false') meanings.push(trimmed === 'true');
  else if (trimmed === 'null') meanings.push(null);
  else if (trimmed.startsWith('[') || trimmed.startsWith('{')) {
    try {
      meanings.push(JSON.parse(trimmed));
    } catch {
      // Not JSON: it can still be text.
    }
  }
  return [...meanings, text];
}

/** Codes of what is wrong with a list that is one. */
const LIST_ITSELF = new Set(['custom', 'too_small', 'too_big']);

/** The list that a text stands for: words with commas, in brackets or not; `none` is an empty one. */
function listOf(text: string | true): unknown[] {
  if (text === true || /^\s*\{/.test(text)) return [];
  const inner = /^\s*\[(.*)\]\s*$/s.exec(text)?.[1] ?? text;
  const words = inner.split(',').map((part) => readings(part.trim())[0]);
  return inner.trim() === 'none' ? [[], words] : [words];
}

/**
 * Sets the first reading that the schema accepts at that key; with none, the list when only elements of it are wrong,
 * else the text as typed, for the error to show.
 */
function firstAccepted(
  schema: z.ZodType,
  value: unknown,
  path: readonly string[],
  candidates: readonly unknown[],
): unknown {
  const attempts = candidates.map((candidate) => withValue(retagged(schema, value, path, candidate), path, candidate));
  let shown = attempts[0];
  for (const attempt of attempts) {
    const result = schema.safeParse(attempt);
    if (result.success) return attempt;
    const wrong = result.error.issues.filter((issue) => startsWith(path, issue.path.map(String)));
    // What is wrong inside a union is told of the union, unless one looks into its branches.
    const inside = () =>
      configIssues(schema, attempt, result.error).some((issue) => startsWith(path, issue.path.map(String)));
    if (wrong.length === 0 && !inside()) return attempt;
    const isList =
      wrong.length > 0 && wrong.every((issue) => issue.path.length > path.length || LIST_ITSELF.has(issue.code));
    if (attempt !== attempts[0] && isList) shown = attempt;
  }
  return shown;
}

/**
 * The value with the section around a changed tag reduced to the keys that the new kind has as well: the others
 * belong to the kind before.
 */
function retagged(schema: z.ZodType, value: unknown, path: readonly string[], leaf: unknown): unknown {
  const tag = path.at(-1) as string;
  const around = path.slice(0, -1);
  const section = around.reduce<unknown>(
    (inner, part) => (inner as Record<string, unknown> | undefined)?.[part],
    value,
  );
  if (!tags.includes(tag) || typeof section !== 'object' || section === null) return value;
  if ((section as Record<string, unknown>)[tag] === leaf) return value;
  const known = knownKeys(schema, withValue(value, path, leaf), around);
  const kept = Object.entries(section).filter(([key]) => key !== tag && known.includes(key));
  return withValue(value, around, Object.fromEntries(kept));
}

/** Whether an issue at `issuePath` concerns `path` or something inside it. */
function startsWith(path: readonly string[], issuePath: readonly string[]): boolean {
  return path.every((part, i) => issuePath[i] === part);
}

function withValue(value: unknown, path: readonly string[], leaf: unknown): unknown {
  if (path.length === 0) return leaf;
  const base = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const record = base as Record<string, unknown>;
  return { ...record, [path[0]]: withValue(record[path[0]], path.slice(1), leaf) };
}

/** Refuses a key that the schema does not have, before any value is set, so that the hint names the right level. */
function checkReachable(schema: z.ZodType, value: unknown, path: readonly string[], key: string): void {
  for (let i = 0; i < path.length; i++) {
    const around = path.slice(0, i);
    if (takesKey(schema, value, around, path[i])) continue;
    const known = knownKeys(schema, value, around);
    const prefix = ['--', ...path.slice(0, i).map((part) => `${part}.`)].join('');
    throw new ConfigError(`--${key}: unknown key; ${suggestion(path[i], known, prefix)}`);
  }
}
