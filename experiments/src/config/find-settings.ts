import type { z } from 'zod';
import type { Override } from '../arguments.ts';
import { ConfigError, UsageError } from '../errors.ts';
import { suggestion } from '../suggest.ts';
import { knownKeys, takesKey } from './issues.ts';
import { isRecord, jsonSchemaOf } from './json-schema.ts';
import { runConfigSchema } from './run-config.ts';
import { type Setting, settingsOf, tags } from './settings.ts';

/** What of all settings is asked for. */
export interface SettingsRequest {
  /** Dotted: a setting, or the section that is shown; absent: all. */
  readonly key?: string;
  /** Absent: retrieval, or ranking where retrieval has nothing of that name. */
  readonly task?: string;
  /** Kinds that are chosen, `--model.kind hstu`. */
  readonly kinds: readonly Override[];
}

/**
 * The settings that are asked for, of every kind of model, objective and so on that is known by now.
 *
 * @throws ConfigError for a key or kind that is not known, with the nearest one.
 */
export function findSettings(request: SettingsRequest): Setting[] {
  const { task } = request;
  if (task !== undefined) return ofTask(request, task, { task: { kind: task } });
  try {
    return ofTask(request, 'retrieval', {});
  } catch (error) {
    try {
      return ofTask(request, 'ranking', {});
    } catch (other) {
      throw isNear(other) && !isNear(error) ? other : error;
    }
  }
}

/** Whether an error says what was meant. */
function isNear(error: unknown): boolean {
  return error instanceof UsageError && error.hint?.startsWith('did you mean') === true;
}

function ofTask({ key, kinds }: SettingsRequest, task: string, known: unknown): Setting[] {
  const schema = runConfigSchema({ task: { kind: task } });
  const chosen = kinds.reduce<unknown>((value, kind) => choose(schema, value, kind), known);
  const all = settingsOf(jsonSchemaOf(schema), chosen);
  if (key === undefined) return all;
  const path = key.split('.');
  const within = (anyName: boolean) =>
    all.filter((setting) => isWithin(setting.key.replaceAll('[]', '').split('.'), path, anyName));
  const exact = within(false);
  const found = exact.length > 0 ? exact : within(true);
  if (found.length === 0) throw new ConfigError(`seqrec settings: unknown key ${key}`, nearest(schema, chosen, path));
  return found;
}

/** The configuration so far with a kind chosen in it. */
function choose(schema: z.ZodType, value: unknown, { key, text }: Override): unknown {
  const path = key.split('.');
  if (!tags.includes(path.at(-1) as string))
    throw new UsageError(
      `--${key}: expected a kind, which chooses the settings to show; got another setting`,
      '--model.kind hstu is one',
    );
  const tag = settingsOf(jsonSchemaOf(schema), value).find((setting) => setting.key === key);
  if (tag === undefined) throw new ConfigError(`--${key}: unknown key`, nearest(schema, value, path, '--'));
  const known = tag.values.split(' | ');
  if (!known.includes(String(text)))
    throw new ConfigError(
      `--${key}: expected one of ${known.join(', ')}; got ${text}`,
      suggestion(String(text), known),
    );
  return withValue(value, path, text);
}

function withValue(value: unknown, [key, ...rest]: readonly string[], leaf: unknown): unknown {
  if (key === undefined) return leaf;
  const around = isRecord(value) ? value : {};
  return { ...around, [key]: withValue(around[key], rest, leaf) };
}

/** Whether a setting lies at a path or inside it. */
function isWithin(setting: readonly string[], path: readonly string[], anyName: boolean): boolean {
  return path.every((part, i) => setting[i] === part || (anyName && setting[i] === 'NAME'));
}

function nearest(schema: z.ZodType, value: unknown, path: readonly string[], prefix = ''): string {
  const depth = path.findIndex((part, i) => !takesKey(schema, value, path.slice(0, i), part));
  const around = path.slice(0, Math.max(0, depth));
  const before = prefix + around.map((part) => `${part}.`).join('');
  return suggestion(path[around.length], knownKeys(schema, value, around), before);
}
