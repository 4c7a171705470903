import type { JsonSchema } from './json-schema.ts';

/** What may stand for a setting, in words: `number in [0, 1)`, `adamw | adagrad`, `list of text`. */
export function valuesInWords(schema: JsonSchema): string {
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (alternatives.length > 0) return [...new Set(alternatives.map(valuesInWords))].join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ');
  switch (schema.type) {
    case 'integer':
      return `whole number${rangeOf(wholeBounds(schema))}`;
    case 'number':
      return `number${rangeOf(schema)}`;
    case 'string':
      return 'text';
    case 'boolean':
      return 'true | false';
    case 'array':
      return listOf(schema);
    case 'object':
      return 'settings';
    default:
      return 'anything';
  }
}

function listOf({ items, prefixItems, minItems = 0, maxItems }: JsonSchema): string {
  if (prefixItems !== undefined) return `list of ${prefixItems.length}: ${prefixItems.map(valuesInWords).join(', ')}`;
  const size = maxItems !== undefined ? `, ${minItems} to ${maxItems} entries` : minItems > 0 ? ', not empty' : '';
  const entry = valuesInWords(items ?? {});
  return `list of ${entry.includes(' | ') ? `(${entry})` : entry}${size}`;
}

type Bounds = Pick<JsonSchema, 'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum'>;

/** Bounds that belong to the range; those of the numbers that a double holds exactly are none. */
function wholeBounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Bounds): Bounds {
  const least = Math.max(minimum ?? -Infinity, (exclusiveMinimum ?? -Infinity) + 1);
  const most = Math.min(maximum ?? Infinity, (exclusiveMaximum ?? Infinity) - 1);
  return {
    ...(least > Number.MIN_SAFE_INTEGER && { minimum: least }),
    ...(most < Number.MAX_SAFE_INTEGER && { maximum: most }),
  };
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Bounds): string {
  const least = minimum ?? exclusiveMinimum;
  const most = maximum ?? exclusiveMaximum;
  const [open, close] = [minimum === undefined ? '(' : '[', maximum === undefined ? ')' : ']'];
  if (least !== undefined && most !== undefined) return ` in ${open}${least}, ${powerOf(most)}${close}`;
  if (least !== undefined) return ` ${minimum === undefined ? '>' : '>='} ${least}`;
  return most === undefined ? '' : ` ${maximum === undefined ? '<' : '<='} ${powerOf(most)}`;
}

/** Large powers of two as such. */
function powerOf(value: number): string {
  const exponent = Math.log2(value);
  return Number.isInteger(exponent) && exponent >= 10 ? `2^${exponent}` : String(value);
}
