import type { z } from 'zod';
import type { Override } from '../arguments.ts';
import { ConfigError } from '../errors.ts';
import { configIssues, knownKeys, notTaken, takesKey } from './issues.ts';
import { sectionSchema, withDefaults } from './sections.ts';
import { tags } from './settings.ts';
import { validate } from './validate.ts';

/**
 * A configuration with dotted overrides applied, checked against its schema.
 *
 * @throws ConfigError that lists every problem with its key.
 */
export function applyOverrides<S extends z.ZodType>(
  schema: S,
  base: unknown,
  overrides: readonly Override[],
): z.output<S> {
  return validate(schema, withOverrides(schema, base, overrides), overrides.length > 0 ? '--' : '');
}

/**
 * A configuration with dotted overrides set in it, not checked yet. The schemas of the sections in which they are say
 * what their texts mean.
 *
 * The text `4` is read as a number where the schema takes one, as text elsewhere; `true`, `false`, `null` and JSON
 * lists likewise, and `a,b` or `a` as a list where the schema takes one. An override of `kind`, `format` or `policy`
 * keeps of what is written in its section what the new kind has too, and takes its defaults for the rest.
 *
 * @throws ConfigError for a key that is not known.
 */
export function withOverrides(schema: z.ZodType, base: unknown, overrides: readonly Override[]): unknown {
  const sections = overrides.map(({ key }) => key.split('.')[0]);
  let value: unknown = withDefaults(schema, structuredClone(base), sections);
  // The same without defaults, which are those of a kind and not of the next one.
  let written: unknown = base;
  for (const override of overrides) {
    const path = override.key.split('.');
    checkReachable(schema, value, path, override.key);
    value = firstAccepted(schema, { value, written }, path, meaningsOf(override.text), textsOf(override.text));
    written = withValue(written, path, override.text);
  }
  return value;
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

/** All of them: what is a list of JSON is not cut at its commas as well. */
function meaningsOf(text: string | true): unknown[] {
  const read = readings(text);
  return read.some(Array.isArray) ? read : [...read, ...listOf(text)];
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

/** The same list with its words as they were typed, where a number or `null` among them is meant as a text. */
function textsOf(text: string | true): unknown[] {
  if (text === true || /["{}]/.test(text)) return [];
  const inner = /^\s*\[([^[\]]*)\]\s*$/.exec(text)?.[1] ?? text;
  return [inner.split(',').map((part) => part.trim())];
}

/**
 * Sets the first reading that the schema accepts at that key, those of the last resort among them; with none, the list
 * when only elements of it are wrong, else the text as typed, for the error to show.
 */
function firstAccepted(
  schema: z.ZodType,
  configuration: Configuration,
  path: readonly string[],
  candidates: readonly unknown[],
  lastResort: readonly unknown[],
): unknown {
  const attempts = [...candidates, ...lastResort].map((candidate) =>
    withValue(retagged(schema, configuration, path, candidate), path, candidate),
  );
  const section = sectionSchema(schema, path[0]);
  const within = section === undefined ? path : path.slice(1);
  let shown = attempts[0];
  for (const [n, attempt] of attempts.entries()) {
    const asked = section ?? schema;
    const part = section === undefined ? attempt : (attempt as Record<string, unknown>)[path[0]];
    const result = asked.safeParse(part);
    if (result.success) return attempt;
    const wrong = result.error.issues.filter((issue) => startsWith(within, issue.path.map(String)));
    // What is wrong inside a union is told of the union, unless one looks into its branches.
    const inside = () =>
      configIssues(asked, part, result.error).some((issue) => startsWith(within, issue.path.map(String)));
    if (wrong.length === 0 && !inside()) return attempt;
    const isList =
      wrong.length > 0 && wrong.every((issue) => issue.path.length > within.length || LIST_ITSELF.has(issue.code));
    if (n > 0 && n < candidates.length && isList) shown = attempt;
  }
  return shown;
}

/** A configuration while it is changed. */
interface Configuration {
  /** With the defaults of its sections. */
  readonly value: unknown;
  /** Without. */
  readonly written: unknown;
}

/**
 * The value with the section around a changed tag reduced to the keys that are written in it and that the new kind has
 * as well: the others belong to the kind before, as its defaults do.
 */
function retagged(
  schema: z.ZodType,
  { value, written }: Configuration,
  path: readonly string[],
  leaf: unknown,
): unknown {
  const tag = path.at(-1) as string;
  const around = path.slice(0, -1);
  const section = valueAt(value, around);
  if (!tags.includes(tag) || typeof section !== 'object' || section === null) return value;
  if ((section as Record<string, unknown>)[tag] === leaf) return value;
  const known = knownKeys(schema, withValue(value, path, leaf), around);
  const before = knownKeys(schema, value, around);
  // A key that neither has is misspelt, and told of.
  const kept = Object.entries(section).filter(
    ([key]) =>
      key !== tag && valueAt(written, [...around, key]) !== undefined && (known.includes(key) || !before.includes(key)),
  );
  return withValue(value, around, Object.fromEntries(kept));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, part) => (inner as Record<string, unknown> | null | undefined)?.[part], value);
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
    const prefix = ['--', ...around.map((part) => `${part}.`)].join('');
    throw new ConfigError(`--${key}: ${notTaken(schema, value, around, path[i], prefix)}`);
  }
}
