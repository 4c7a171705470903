import { z } from 'zod';

/** The JSON Schema form of a zod schema: the part of it that can be walked without knowing zod's internals. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** What keys of any other name hold; `false` or absent where there are none. */
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

const made = new WeakMap<z.ZodType, JsonSchema>();

/** Of what people write, where settings with a default may be absent. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const known = made.get(schema);
  if (known !== undefined) return known;
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
  made.set(schema, json);
  return json;
}

/** What a key of an object holds, one of its own or one of any name, or a place of a list. */
export function propertyOf(
  { properties, additionalProperties, items, prefixItems }: JsonSchema,
  key: string | number,
): JsonSchema | undefined {
  if (typeof key === 'number') return prefixItems?.[key] ?? items;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** What may stand at `path`; of a tagged union, the branches whose tags the value carries. */
export function branchesAt(schema: z.ZodType, value: unknown, path: readonly (string | number)[]): JsonSchema[] {
  const inner = path.reduce<unknown>((around, part) => (isRecord(around) ? around[part] : undefined), value);
  return nodesAt(schema, value, path).flatMap((node) => expand(node, inner));
}

/** The same before its alternatives are told apart, with the texts that stand on all of them. */
export function nodesAt(schema: z.ZodType, value: unknown, path: readonly (string | number)[]): JsonSchema[] {
  let nodes = [jsonSchemaOf(schema)];
  let inner: unknown = value;
  for (const part of path) {
    const branches = nodes.flatMap((node) => expand(node, inner));
    nodes = branches.map((branch) => propertyOf(branch, part)).filter((next) => next !== undefined);
    inner = isRecord(inner) ? inner[part] : undefined;
  }
  return nodes;
}

/** Alternatives of a schema; those whose constant properties contradict the value are left out, unless all do. */
export function expand(schema: JsonSchema, value: unknown): JsonSchema[] {
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  if (alternatives.length === 0) return [schema];
  const all = alternatives.flatMap((alternative) => expand(alternative, value));
  const fitting = all.filter(
    (branch) =>
      !(isRecord(value) && branch.enum !== undefined) &&
      Object.entries(branch.properties ?? {}).every(
        ([key, { const: tag, default: usual }]) =>
          tag === undefined || !isRecord(value) || (value[key] === undefined ? usual : value[key]) === tag,
      ),
  );
  return fitting.length > 0 ? fitting : all;
}

export function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}
