import { sourceDefinition, sourceFormats } from '@seqrec/data';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';

/**
 * The sections `data` of the formats that plug-ins have defined: their own keys beside those of the preparation. Of an
 * object schema of zod the keys are known and misspelt ones refused here; any other is asked for its opinion.
 *
 * @throws ConfigError for a schema of another format, and for a key that the preparation has as well.
 */
export function definedSourceSchemas(preparation: z.ZodRawShape): z.ZodObject[] {
  return sourceFormats().map((format) => {
    const { schema } = sourceDefinition(format);
    if (isObjectSchema(schema)) return ofObject(schema, format, preparation);
    return z.looseObject({ format: z.literal(format), ...preparation }).superRefine((config, context) => {
      try {
        schema.parse(ownKeys(config, preparation));
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      }
    });
  });
}

/** A configuration without the keys of the preparation: what its source reads. */
export function ownKeys<C extends { readonly format: string }>(config: C, preparation: object): C {
  const own = Object.entries(config).filter(([key]) => !Object.hasOwn(preparation, key));
  return Object.fromEntries(own) as C;
}

function ofObject(schema: z.ZodObject, format: string, preparation: z.ZodRawShape): z.ZodObject {
  const { error } = schema.safeParse({ format: `not ${format}` });
  const names = error?.issues.some(
    (issue) => issue.code === 'invalid_value' && issue.path.join('.') === 'format' && issue.values.includes(format),
  );
  if (!names)
    throw new ConfigError(
      `the source ${format}: expected a schema with format: z.literal('${format}'); got one of another format`,
    );
  const both = Object.keys(schema.shape).find((key) => Object.hasOwn(preparation, key));
  if (both !== undefined)
    throw new ConfigError(
      `the source ${format}: expected keys of its own; got ${both}, which every data section has`,
      'give it another name',
    );
  return schema.extend(preparation);
}

/** By what it can do, since a plug-in may bring a copy of zod of its own. */
function isObjectSchema(schema: object): schema is z.ZodObject {
  return 'shape' in schema && 'extend' in schema && 'safeParse' in schema;
}
