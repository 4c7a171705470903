import { canonicalInteger, Interner } from '../interner.ts';

const written = /^\d+\.0$/;

/** The integer that an id written as `35.0` means (a column of pandas that once missed a value); else `undefined`. */
function integerOf(id: string): string | undefined {
  if (!written.test(id)) return undefined;
  const integer = canonicalInteger(id.slice(0, -2));
  return integer < 0 ? undefined : String(integer);
}

/** The integers that ids are which are all written as `35.0`, code by code; the ids themselves where they are not. */
export function integerKeys(keys: Interner): Interner {
  const integers = new Interner();
  for (const id of keys.texts()) {
    const integer = integerOf(id);
    if (integer === undefined) return keys;
    integers.intern(integer);
  }
  return integers.size === keys.size ? integers : keys;
}

/** Ids beside others, of a file or of the data, that are integers: one written as `35.0` is the `35` of those. */
export class FloatIds {
  readonly #keys: Pick<Interner, 'find'> | undefined;
  /** The first that was read as an integer. */
  example: string | undefined;

  constructor(keys: Pick<Interner, 'find'> | undefined) {
    this.#keys = keys;
  }

  /** Whether the others write one so. */
  isKey(id: string): boolean {
    return this.#keys?.find(id) !== undefined;
  }

  read(id: string): string {
    const keys = this.#keys;
    if (keys === undefined || !id.endsWith('.0')) return id;
    const integer = integerOf(id);
    if (integer === undefined || keys.find(id) !== undefined || keys.find(integer) === undefined) return id;
    this.example ??= id;
    return integer;
  }
}
