import { isRecord, type JsonSchema } from './json-schema.ts';
import { valuesInWords } from './values.ts';

/** A setting of a configuration, or a section of settings, as `seqrec settings` shows it. */
export interface Setting {
  /** Dotted; `NAME` stands for a key of any name, `[]` for an entry of a list. */
  readonly key: string;
  /** What may stand there, in words. */
  readonly values: string;
  /** Absent: the help says what happens without a value, or a value has to be given. */
  readonly default?: unknown;
  /** Whether its section cannot be without it. */
  readonly required: boolean;
  readonly help?: string;
  /** The kinds that have it, of each section around it in which not all kinds do. */
  readonly when: readonly Condition[];
}

/** A tag and those of its values that something is for. */
export interface Condition {
  readonly key: string;
  readonly values: readonly string[];
}

/** The keys that say which of several sections one is. */
export const tags: readonly string[] = ['kind', 'format', 'policy'];

interface Place {
  readonly key: string;
  readonly required: boolean;
  readonly when: readonly Condition[];
  /** What is known of the value, which chooses among kinds. */
  readonly value: unknown;
}

/**
 * The settings of a schema, sections before what is in them, in the order of the schema.
 *
 * @param chosen a configuration as far as it is known: kinds that it names leave out the settings of other kinds.
 */
export function settingsOf(schema: JsonSchema, chosen: unknown = {}): Setting[] {
  return [...inside(alternativesOf(schema), { key: '', required: true, when: [], value: chosen })];
}

function* at(schema: JsonSchema, place: Place): Generator<Setting> {
  const objects = alternativesOf(schema).filter(isObject);
  yield {
    key: place.key,
    values: valuesInWords(schema),
    ...(schema.default !== undefined && { default: schema.default }),
    required: place.required,
    ...(schema.description !== undefined && { help: schema.description }),
    when: place.when,
  };
  yield* inside(objects, place);
  const entries = alternativesOf(schema).flatMap(({ items }) => (items === undefined ? [] : alternativesOf(items)));
  yield* inside(entries.filter(isObject), { ...place, key: `${place.key}[]`, value: undefined });
}

/** The settings of a section that is one of several objects. */
function* inside(all: readonly JsonSchema[], { key, when, value }: Place): Generator<Setting> {
  const tag = tags.find((name) => all.some(({ properties }) => properties?.[name]?.const !== undefined));
  const given = tag !== undefined && isRecord(value) ? value[tag] : undefined;
  const objects = given === undefined ? all : all.filter((each) => tagOf(each, tag) === given);
  const dotted = (name: string) => (key === '' ? name : `${key}.${name}`);
  const names = new Set(objects.flatMap(({ properties = {} }) => Object.keys(properties)));
  for (const name of names) {
    if (name === tag) {
      yield kindsOf(objects, dotted(name), name, when);
      continue;
    }
    for (const { schema, required, kinds } of differing(objects, name, tag)) {
      const some = kinds.length < objects.length && tag !== undefined;
      yield* at(schema, {
        key: dotted(name),
        required,
        when: some ? [...when, { key: dotted(tag), values: kinds }] : when,
        value: isRecord(value) ? value[name] : undefined,
      });
    }
  }
  for (const { additionalProperties: any } of objects) {
    const isKnown = typeof any === 'object' && Object.keys(any).length > 0;
    if (isKnown) yield* at(any, { key: dotted('NAME'), required: false, when, value: undefined });
  }
}

/** What a key holds in each of several objects, those together in which it is the same. */
function differing(objects: readonly JsonSchema[], name: string, tag: string | undefined) {
  const groups = new Map<string, { schema: JsonSchema; required: boolean; kinds: string[] }>();
  for (const object of objects) {
    const schema = object.properties?.[name];
    if (schema === undefined) continue;
    const required = object.required?.includes(name) ?? false;
    const id = JSON.stringify([schema, required]);
    if (!groups.has(id)) groups.set(id, { schema, required, kinds: [] });
    groups.get(id)?.kinds.push(String(tagOf(object, tag)));
  }
  return groups.values();
}

/** The setting that says which object it is; what each of them is, in its help. */
function kindsOf(objects: readonly JsonSchema[], key: string, tag: string, when: readonly Condition[]): Setting {
  const usual = objects.filter(({ required }) => !required?.includes(tag)).map((each) => tagOf(each, tag));
  const told = objects.filter(({ description }) => description !== undefined);
  const help = told.map((each) => `${String(tagOf(each, tag))}: ${each.description}`).join(' ');
  return {
    key,
    values: objects.map((each) => String(tagOf(each, tag))).join(' | '),
    ...(usual.length === 1 && { default: usual[0] }),
    required: usual.length === 0,
    ...(told.length === objects.length && { help }),
    when,
  };
}

function tagOf({ properties }: JsonSchema, tag: string | undefined): unknown {
  return tag === undefined ? undefined : properties?.[tag]?.const;
}

function alternativesOf(schema: JsonSchema): JsonSchema[] {
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return alternatives.length === 0 || schema.type !== undefined ? [schema] : alternatives.flatMap(alternativesOf);
}

function isObject({ properties, additionalProperties }: JsonSchema): boolean {
  return properties !== undefined || typeof additionalProperties === 'object';
}
