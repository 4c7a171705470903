import type { FastifySchema, FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import { z } from 'zod';

/** Types of requests by the zod schemas of their routes. */
export interface ZodTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

/** Type of a body of bytes. */
export const BINARY = 'application/octet-stream';

/** Whether a route has a schema of bodies, and none of bytes. */
export function refusesBytes(schema: FastifySchema | undefined): boolean {
  const body = schema?.body as { readonly content?: Readonly<Record<string, unknown>> } | undefined;
  return body !== undefined && body.content?.[BINARY] === undefined;
}

/** Checks requests by zod. */
export const zodValidator: FastifySchemaCompiler<z.ZodType> =
  ({ schema }) =>
  (data) => {
    const { success, data: value, error } = schema.safeParse(data);
    return success ? { value } : { error };
  };

/** Answers are made here, so their schemas are for readers: nothing is checked or left out. */
export const plainSerializer = () => (data: unknown) => JSON.stringify(data);

/** A schema of a route with JSON schemas in the place of zod's, for the OpenAPI document. */
export function jsonSchemas<T extends { readonly schema?: FastifySchema; readonly url: string }>(
  route: T,
): { schema: FastifySchema; url: string } {
  const { schema, url } = route;
  return { schema: schema === undefined ? {} : (converted(schema, 'input') as FastifySchema), url };
}

function converted(value: unknown, io: 'input' | 'output'): unknown {
  if (value instanceof z.ZodType) return z.toJSONSchema(value, { target: 'openapi-3.0', io, unrepresentable: 'any' });
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, converted(each, key === 'response' ? 'output' : io)]),
  );
}
