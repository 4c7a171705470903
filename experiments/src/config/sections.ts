import { z } from 'zod';
import { isRecord } from './json-schema.ts';

/** The schema of a section of a configuration; nothing where there is no such section. */
export function sectionSchema(schema: z.ZodType, name: string): z.ZodType | undefined {
  const isSection = schema instanceof z.ZodObject && Object.hasOwn(schema.shape, name);
  return isSection ? (schema.shape[name] as z.ZodType) : undefined;
}

/**
 * A configuration with defaults in the sections that are named and right as they stand: what is merged into a section,
 * or set in it, may go with a kind that is its default.
 */
export function withDefaults(schema: z.ZodType, value: unknown, names: Iterable<string>): unknown {
  if (!isRecord(value)) return value;
  const filled = { ...value };
  for (const name of new Set(names)) {
    const section = sectionSchema(schema, name)?.safeParse(filled[name]);
    if (section?.success && section.data !== undefined) filled[name] = section.data;
  }
  return filled;
}
