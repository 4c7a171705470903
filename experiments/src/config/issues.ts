import { closest } from '@seqrec/data/closest';
import type { z } from 'zod';
import { suggestion } from '../suggest.ts';
import { branchesAt, expand, isRecord, nodesAt, propertyOf } from './json-schema.ts';
import { tags } from './settings.ts';

/** One thing wrong with a configuration: the path of the key, and the message without that path. */
export interface ConfigIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** For an unknown key the path includes the key itself. */
  readonly unknownKey: boolean;
}

/** The zod issues of a value, flattened, in the house grammar: `expected ...; got ...; hint`. */
export function configIssues(schema: z.ZodType, value: unknown, error: z.ZodError): ConfigIssue[] {
  return error.issues.flatMap((issue) => describe(schema, value, issue));
}

/**
 * What is wrong, with what the setting is for as a hint: one short sentence, or the command that explains it. Nothing
 * is added to a message with a hint of its own.
 */
export function explained(schema: z.ZodType, value: unknown, { path, message, unknownKey }: ConfigIssue): string {
  const entry = path.findIndex((part) => typeof part === 'number');
  const setting = entry < 0 ? path : path.slice(0, entry);
  const nodes = nodesAt(schema, value, setting);
  // A kind is explained by what its section may be.
  const isTag = nodes.length > 0 && tags.includes(String(setting.at(-1)));
  const help = isTag ? '' : nodes.find(({ description }) => description !== undefined)?.description;
  if (unknownKey || help === undefined || message.split('; ').length > 2) return message;
  const isShort = help !== '' && help.length <= 100 && !/[.;] /.test(help);
  const hint = isShort
    ? help.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase()).replace(/\.$/, '')
    : `\`seqrec settings ${renderPath(setting)}\` explains it`;
  return `${message}; ${hint}`;
}

export function renderPath(path: readonly (string | number)[]): string {
  return path.length === 0 ? '(top level)' : path.join('.');
}

function describe(schema: z.ZodType, value: unknown, issue: z.core.$ZodIssue): ConfigIssue[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: notTaken(schema, value, path, key),
      unknownKey: true,
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // A plain union: the branch that the tags of the value name explains best, else the one that got furthest.
    const deepest = [...issue.errors].sort(
      (a, b) => depth(b) - depth(a) || Number(!!otherTag(a)) - Number(!!otherTag(b)),
    )[0];
    const tag = otherTag(deepest);
    if (tag !== undefined) {
      const tagPath = [...path, ...tag.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
      const choices = choicesAt(schema, value, tagPath).map((choice) => JSON.stringify(choice));
      const message = `expected one of ${choices.join(', ')}; got ${shown(at(value, tagPath))}`;
      return [{ path: tagPath, message, unknownKey: false }];
    }
    if (deepest.length > 0 && depth(deepest) > 0)
      return deepest.flatMap((inner) => describe(schema, value, { ...inner, path: [...issue.path, ...inner.path] }));
    const told = issue.errors.flat().find((inner) => inner.message.startsWith('expected'));
    if (told !== undefined) return describe(schema, value, { ...told, path: issue.path });
  }
  const got = at(value, path);
  return [{ path, message: `${expectation(schema, value, path, issue)}; got ${shown(got)}`, unknownKey: false }];
}

/** A branch that is for values of another tag, as `kind`: what it says of that. */
function otherTag(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  return issues.find((issue) => issue.code === 'invalid_value' && issue.values.length === 1 && issue.path.length > 0);
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function expectation(
  schema: z.ZodType,
  value: unknown,
  path: readonly (string | number)[],
  issue: z.core.$ZodIssue,
): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected === 'int' ? 'a whole number' : article(issue.expected)}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map((option) => JSON.stringify(option)).join(', ')}`;
    case 'invalid_union': {
      const options = choicesAt(schema, value, path);
      return options.length > 0
        ? `expected one of ${options.map((option) => JSON.stringify(option)).join(', ')}`
        : 'expected another value';
    }
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `expected a number ${issue.inclusive ? 'of at least' : 'above'} ${issue.minimum}`
        : `expected at least ${issue.minimum} ${issue.origin === 'array' ? 'entries' : 'characters'}`;
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `expected a number ${issue.inclusive ? 'of at most' : 'below'} ${issue.maximum}`
        : `expected at most ${issue.maximum} ${issue.origin === 'array' ? 'entries' : 'characters'}`;
    default:
      return issue.message.startsWith('expected') ? issue.message : `expected ${issue.message}`;
  }
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `the text "${value}"`;
  return Array.isArray(value) ? JSON.stringify(value).slice(0, 40) : 'an object';
}

function at(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, part) => (isRecord(inner) ? inner[part] : undefined), value);
}

/** The keys that an object at `path` may have; of a tagged union, the branch whose tags the value carries. */
export function knownKeys(schema: z.ZodType, value: unknown, path: readonly (string | number)[]): string[] {
  const branches = branchesAt(schema, value, path);
  return [...new Set(branches.flatMap((branch) => Object.keys(branch.properties ?? {})))];
}

/** Whether an object at `path` may have the key `key`, one of its own or one of any name. */
export function takesKey(schema: z.ZodType, value: unknown, path: readonly (string | number)[], key: string): boolean {
  return branchesAt(schema, value, path).some((branch) => propertyOf(branch, key) !== undefined);
}

/** Why an object at `path` has no key `key`: another kind of it has, or what it may have. */
export function notTaken(
  schema: z.ZodType,
  value: unknown,
  path: readonly (string | number)[],
  key: string,
  prefix = '',
): string {
  const having = nodesAt(schema, value, path)
    .flatMap((node) => expand(node, undefined))
    .flatMap(({ properties = {} }) => (Object.hasOwn(properties, key) ? [properties] : []));
  const known = knownKeys(schema, value, path);
  const near = closest(key, known);
  for (const tag of tags) {
    const kinds = new Set<unknown>(
      having.map((properties) => properties[tag]?.const).filter((kind) => kind !== undefined),
    );
    if (kinds.size > 0 && !kinds.has(at(value, [...path, tag])))
      return `unknown key; it is one of ${prefix}${tag} ${[...kinds].join(', ')}${near ? `; did you mean ${prefix}${near}?` : ''}`;
  }
  return `unknown key; ${suggestion(key, known, prefix)}`;
}

function choicesAt(schema: z.ZodType, value: unknown, path: readonly (string | number)[]): unknown[] {
  return [
    ...new Set(
      branchesAt(schema, value, path).flatMap(
        (branch) => branch.enum ?? (branch.const === undefined ? [] : [branch.const]),
      ),
    ),
  ];
}
