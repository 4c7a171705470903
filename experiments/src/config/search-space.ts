import { ConfigError } from '../errors.ts';
import { readYamlFile } from './yaml-file.ts';

type Value = string | number | boolean;

/** A value of the key, or a mapping of keys to values that are set together. */
type Choice = Value | Readonly<Record<string, Value>>;

/**
 * A space of configurations as it is written: under a key its choices, or a range in words such as
 * `loguniform 1e-4 1e-2`. Several keys with commas have one value. Under a name without a dot stand choices that are
 * mappings: one choice sets several keys.
 */
export type WrittenSpace = Readonly<Record<string, string | readonly Choice[]>>;

/** Texts by dotted key, as on the command line. */
export type Settings = Readonly<Record<string, string>>;

const RANGES = {
  uniform: { log: false, whole: false },
  loguniform: { log: true, whole: false },
  int: { log: false, whole: true },
  logint: { log: true, whole: true },
} as const;

/** What is drawn at once. */
export interface Dimension {
  /** As it is written: the keys with commas, or the name of a list of mappings. */
  readonly name: string;
  readonly keys: readonly string[];
  readonly from:
    | { readonly kind: 'choices'; readonly choices: readonly Settings[] }
    | {
        readonly kind: 'range';
        readonly log: boolean;
        readonly whole: boolean;
        readonly low: number;
        readonly high: number;
      };
}

/** Keys that a search must not change: they decide what is measured, or how long is trained. */
const FIXED = /^(?:data|evaluation|task)(?:\.|$)|^seed$|^training\.(?:epochs|evaluateEvery)$/;

/** The space in a YAML file, dotted or nested. @throws ConfigError with file, line and column. */
export function readSpace(file: string): Dimension[] {
  const yaml = readYamlFile(file);
  return parseSpace(flat(yaml.value), (key) => `${yaml.locate(pathIn(yaml.value, key), false)}: `);
}

/**
 * Checks a space.
 *
 * @param where what stands before a message about a key
 * @throws ConfigError that names the key, what was expected and what came
 */
export function parseSpace(written: Readonly<Record<string, unknown>>, where: (key: string) => string): Dimension[] {
  const space = Object.entries(written).map(([name, entry]) => dimension(name, entry, where(name)));
  if (space.length === 0) throw new ConfigError(`${where('')}expected keys with choices or ranges; got none`);
  const seen = new Map<string, string>();
  for (const { name, keys } of space)
    for (const key of keys) {
      if (FIXED.test(key))
        throw new ConfigError(
          `${where(name)}${key}: expected a key of the model, the loss or the training; a search measures all trials alike and trains them in rungs`,
          `give it on the command line as --${key}`,
        );
      const other = seen.get(key);
      if (other !== undefined)
        throw new ConfigError(`${where(name)}${key}: expected each key once; it stands under "${other}" too`);
      seen.set(key, name);
    }
  return space;
}

function dimension(name: string, entry: unknown, where: string): Dimension {
  const refuse = (expected: string): never => {
    throw new ConfigError(`${where}${name}: expected ${expected}; got ${JSON.stringify(entry)}`);
  };
  const keys = name.split(',').map((key) => key.trim());
  if (typeof entry === 'string') {
    const [word, ...ends] = entry.trim().split(/\s+/);
    const [low, high] = ends.map(Number);
    if (!Object.hasOwn(RANGES, word) || ends.length !== 2)
      return refuse(
        'a list of choices, or a range such as loguniform 1e-4 1e-2, uniform 0 0.5, int 1 4, logint 16 256',
      );
    const range = RANGES[word as keyof typeof RANGES];
    if (!(low < high) || !Number.isFinite(high - low)) return refuse('a lower and a higher end');
    if (range.log && low <= 0) return refuse('ends above 0 on a logarithmic scale');
    if (range.whole && !(Number.isSafeInteger(low) && Number.isSafeInteger(high))) return refuse('whole ends');
    return { name, keys, from: { kind: 'range', ...range, low, high } };
  }
  if (!Array.isArray(entry) || entry.length === 0) return refuse('a list of choices or a range');
  const mappings = entry.filter(isMapping);
  if (mappings.length === 0) {
    if (!entry.every(isValue)) return refuse('choices that are numbers, words or true and false');
    const choices = entry.map((value) => Object.fromEntries(keys.map((key) => [key, String(value)])));
    return { name, keys, from: { kind: 'choices', choices } };
  }
  const own = Object.keys(mappings[0]);
  const alike = mappings.every(
    (each) => own.length === Object.keys(each).length && own.every((key) => isValue(each[key])),
  );
  if (mappings.length !== entry.length || own.length === 0 || !alike)
    return refuse('choices that all set the same keys, each to a number, a word or true and false');
  const choices = mappings.map((each) => Object.fromEntries(own.map((key) => [key, String(each[key])])));
  return { name, keys: own, from: { kind: 'choices', choices } };
}

const isValue = (value: unknown): value is Value => ['string', 'number', 'boolean'].includes(typeof value);

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nested sections with dots. */
function flat(value: Readonly<Record<string, unknown>>, before = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      isMapping(inner) ? Object.entries(flat(inner, `${before}${key}.`)) : [[`${before}${key}`, inner]],
    ),
  );
}

/** Where a flattened key stands. */
function pathIn(value: Readonly<Record<string, unknown>>, key: string): string[] {
  for (const [name, inner] of Object.entries(value)) {
    if (name === key) return [name];
    if (isMapping(inner) && key.startsWith(`${name}.`)) return [name, ...pathIn(inner, key.slice(name.length + 1))];
  }
  return [key];
}

/** `model.numBlocks 1 | 2 | 3`, `optimizer.learningRate loguniform 0.0001 to 0.01`. */
export function dimensionInWords({ name, keys, from }: Dimension): string {
  if (from.kind === 'choices') {
    const choices = from.choices.map((each) => settingsInCell({ keys }, each));
    return `${name}${from.kind === 'choices' && keys.join(', ') === name ? '' : ` (${keys.join(' / ')})`} ${choices.join(' | ')}`;
  }
  const word = Object.entries(RANGES).find(([, range]) => range.log === from.log && range.whole === from.whole)?.[0];
  return `${name} ${word} ${from.low} to ${from.high}`;
}

/** What a dimension has in some settings: one value, or `64 / 128` where its keys differ. */
export function settingsInCell({ keys }: Pick<Dimension, 'keys'>, settings: Settings): string {
  const values = keys.map((key) => settings[key] ?? '');
  return new Set(values).size === 1 ? values[0] : values.join(' / ');
}
