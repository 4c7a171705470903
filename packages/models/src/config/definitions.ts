import { isKindName, KIND_NAME_IN_WORDS } from '@seqrec/data';
import { closest } from '@seqrec/data/closest';
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { schemaProblem } from './schema-problem.ts';

/** What a registry keeps of a kind: its name and the schema of its configurations. */
export interface Definition {
  readonly kind: string;
  readonly schema: z.ZodType;
}

/** What a registry is of, for its messages. */
export interface RegistryNames {
  /** The function that defines, `defineModel`. */
  readonly define: string;
  /** What is defined, `model`. */
  readonly what: string;
  /** Where configurations of it stand, `model config`. */
  readonly place: string;
}

/** The kinds of something by name: those of this package, and those that others define. */
export class Definitions<D extends Definition> {
  readonly #byKind: Map<string, D>;
  readonly #names: RegistryNames;

  constructor(names: RegistryNames, own: readonly D[]) {
    this.#names = names;
    this.#byKind = new Map(own.map((definition) => [definition.kind, definition]));
  }

  /** In the order of definition. */
  get all(): readonly D[] {
    return [...this.#byKind.values()];
  }

  get kinds(): readonly string[] {
    return [...this.#byKind.keys()];
  }

  get(kind: string): D | undefined {
    return this.#byKind.get(kind);
  }

  /** @throws ConfigError for a kind that is known, a name that is none, a schema that is not of this kind alone. */
  define(definition: D): void {
    const { define, what } = this.#names;
    const { kind } = definition;
    if (!isKindName(kind)) {
      throw new ConfigError(`${define}: kind: expected ${KIND_NAME_IN_WORDS}; got ${JSON.stringify(kind)}`, 'kind');
    }
    if (this.#byKind.has(kind)) {
      throw new ConfigError(
        `${define}: kind: expected a kind of ${what} that is not known yet; got '${kind}'; choose another name, for example with your package's before it`,
        'kind',
      );
    }
    checkSchema(define, definition);
    this.#byKind.set(kind, definition);
  }

  /**
   * The definition of the kind that a configuration names.
   *
   * @throws ConfigError with the known kinds.
   */
  of(config: unknown, usual?: string): D {
    const given = typeof config === 'object' && config !== null ? (config as { kind?: unknown }).kind : undefined;
    const kind = given ?? usual;
    const definition = typeof kind === 'string' ? this.#byKind.get(kind) : undefined;
    if (definition !== undefined) return definition;
    const got = kind === undefined ? 'nothing' : JSON.stringify(kind);
    const near = typeof kind === 'string' ? closest(kind, this.kinds) : undefined;
    const hint =
      kind === undefined
        ? 'set kind first'
        : near === undefined
          ? 'a kind of your own comes with its plug-in'
          : `did you mean '${near}'?`;
    const known = this.kinds.map((name) => `'${name}'`).join(', ');
    throw new ConfigError(`${this.#names.place}: kind: expected one of ${known}; got ${got}; ${hint}`, 'kind');
  }
}

function checkSchema(define: string, { kind, schema }: Definition): void {
  const got = schemaProblem(schema, 'kind', kind);
  if (got === undefined) return;
  throw new ConfigError(
    `${define}: schema: expected z.strictObject({ kind: z.literal('${kind}'), ... }); got ${got}`,
    'schema',
  );
}
