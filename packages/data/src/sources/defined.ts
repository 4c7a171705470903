import { closest } from '../closest.ts';
import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { isKindName, KIND_NAME_IN_WORDS } from '../kind-name.ts';
import { checkInteractions } from './check-interactions.ts';
import type { ReadProgress } from './progress.ts';

/** What a source is given besides its configuration. */
export interface SourceContext {
  /** Folder of the data sets; paths in a configuration are relative to the working directory. */
  readonly folder: string;
  /** Whether rows that cannot be read are counted and reported in `steps` instead of ending the reading. */
  readonly lenient?: boolean;
  readonly onProgress?: (progress: ReadProgress) => void;
}

/** A format of data that a package of somebody else brings. */
export interface SourceDefinition<C extends { readonly format: string } = { readonly format: string }> {
  /** Its name in configurations, `data.format`. */
  readonly format: string;
  /**
   * Checks a configuration and fills in defaults; what it throws says what is wrong. An object schema of zod
   * (`z.strictObject({ format: z.literal(...), ... })`) has it, and then the command line knows the keys.
   */
  readonly schema: { parse(config: unknown): C };
  /**
   * All events, unfiltered: `interactionsFromArrays` makes a store of columns. Called anew for every run; nothing is
   * cached.
   *
   * @throws DataError naming file and line of what is wrong.
   */
  read(config: C, context: SourceContext): Promise<Interactions> | Interactions;
}

/** Formats of configurations and of readers here. */
const taken = [
  ...['named', 'files', 'csv', 'sql', 'fuxictr', 'synthetic'],
  ...['movielens', 'amazon', 'mind', 'user-lines', 'yelp', 'memory'],
];

const definitions = new Map<string, SourceDefinition<never>>();

/**
 * Makes a format of data known: `readSource` and, through a plug-in, `data.format` take it from then on.
 *
 * @throws OptionError for a format that is known already, a name that is none, or a definition without `schema.parse`
 *   or `read`.
 */
export function defineSource<C extends { readonly format: string }>(definition: SourceDefinition<C>): void {
  const { format, schema, read } = definition;
  if (!isKindName(format)) {
    throw new OptionError('defineSource', `format: expected ${KIND_NAME_IN_WORDS}; got ${JSON.stringify(format)}`, {
      key: 'format',
    });
  }
  if (taken.includes(format) || definitions.has(format)) {
    throw new OptionError('defineSource', `format: expected one that is not known yet; got '${format}'`, {
      key: 'format',
      hint: "choose another name, for example with your package's before it",
    });
  }
  if (typeof schema?.parse !== 'function' || typeof read !== 'function') {
    const missing = typeof read === 'function' ? 'schema' : 'read';
    throw new OptionError(
      'defineSource',
      `${missing}: expected functions schema.parse(config) and read(config, context) of '${format}'; got no ${missing === 'read' ? 'read' : 'schema.parse'}`,
      { key: missing },
    );
  }
  definitions.set(format, definition as unknown as SourceDefinition<never>);
}

/** The formats that were defined, in that order. */
export function sourceFormats(): readonly string[] {
  return [...definitions.keys()];
}

/** The definition of a format. @throws OptionError for one that was not defined. */
export function sourceDefinition(format: string): SourceDefinition {
  const definition = definitions.get(format);
  if (definition !== undefined) return definition as unknown as SourceDefinition;
  const near = closest(format, sourceFormats());
  const known = sourceFormats()
    .map((name) => `'${name}'`)
    .join(', ');
  throw new OptionError(
    'readSource',
    `format: expected one that was defined: ${known || 'none is'}; got ${JSON.stringify(format)}`,
    { key: 'format', hint: near === undefined ? 'it comes with its plug-in' : `did you mean '${near}'?` },
  );
}

/**
 * Reads data of a format that was defined.
 *
 * @throws OptionError for an unknown format; what the source throws; DataError for a source that gives no interactions,
 * or some that do not hold together
 */
export async function readSource<C extends { readonly format: string }>(
  config: C,
  context: SourceContext,
): Promise<Interactions> {
  const { format, schema, read } = sourceDefinition(config.format);
  const interactions = (await read(schema.parse(config), context)) as Interactions | undefined;
  if (interactions?.digest !== undefined && interactions.events !== undefined) {
    checkInteractions(format, interactions);
    return interactions;
  }
  throw new DataError('readSource', `expected interactions from the source '${format}'; got something else`, {
    code: 'bad-source',
    hint: 'interactionsFromArrays makes them',
  });
}
