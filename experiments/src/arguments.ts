import type { RowPolicy } from '@seqrec/models';
import { UsageError } from './errors.ts';

/** One `--model.numBlocks 4` on the command line: the dotted key and the text given for it (`true`: none was given). */
export interface Override {
  readonly key: string;
  readonly text: string | true;
}

const DOTTED = /^--([A-Za-z]\w*(?:\.\w+)+)(?:=(.*))?$/s;

/**
 * Takes the dotted options out of an argument list.
 *
 * They are read here and not by the parser, because the parser turns every value that looks like a number into one, and
 * what `007` means depends on the key: 7 for a count, the text `007` for a column name.
 */
export function splitOverrides(argv: readonly string[]): { readonly rest: string[]; readonly overrides: Override[] } {
  const rest: string[] = [];
  const overrides: Override[] = [];
  for (let i = 0; i < argv.length; i++) {
    const match = DOTTED.exec(argv[i]);
    if (!match) {
      rest.push(argv[i]);
      continue;
    }
    const next = argv[i + 1];
    if (match[2] !== undefined) overrides.push({ key: match[1], text: match[2] });
    else if (next !== undefined && (!next.startsWith('-') || isNumber(next))) {
      overrides.push({ key: match[1], text: next });
      i++;
    } else overrides.push({ key: match[1], text: true });
  }
  return { rest, overrides };
}

/** `--epochs -1` as `--epochs=-1`: the parser would take a negative number for an option, and complain about that. */
export function joinNegativeValues(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (const argument of argv) {
    const before = joined.at(-1);
    if (before !== undefined && /^--?[A-Za-z][\w-]*$/.test(before) && argument.startsWith('-') && isNumber(argument))
      joined[joined.length - 1] = `${before}=${argument}`;
    else joined.push(argument);
  }
  return joined;
}

/** The text of `--name VALUE` or `--name=VALUE` exactly as typed (the parser would turn `0012` into 12). */
export function rawOption(argv: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    if (argv[i].startsWith(`--${name}=`)) value = argv[i].slice(name.length + 3);
    else if (argv[i] === `--${name}` && i + 1 < argv.length) value = argv[i + 1];
  }
  return value;
}

/** A whole number option, checked: `--epochs three` and `--epochs 0` are usage errors. */
export function integerOption(
  name: string,
  value: unknown,
  minimum = 1,
  maximum = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (value === undefined) return undefined;
  const ok = typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum && value <= maximum;
  if (ok) return value;
  const most = maximum === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${maximum}`;
  const option = name.length === 1 ? `-${name}` : `--${name}`;
  throw new UsageError(`${option}: expected a whole number, at least ${minimum}${most}; got ${shown(value)}`);
}

/** A number option, checked. */
export function numberOption(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new UsageError(`--${name}: expected a number; got ${shown(value)}`);
  return value;
}

/** An option with a fixed list of values. */
export function choiceOption<T extends string>(name: string, value: unknown, choices: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = choices.find((choice) => choice === value);
  if (found === undefined)
    throw new UsageError(`--${name}: expected one of ${choices.join(', ')}; got ${shown(value)}`);
  return found;
}

/** An option that holds one text; giving it twice is an error. */
export function textOption(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value))
    throw new UsageError(`--${name}: expected one value; got ${value.map(shown).join(' and ')}`);
  return String(value);
}

/** An option that may be given again. */
export function textsOption(value: unknown): readonly string[] {
  return value === undefined ? [] : [value].flat().map(String);
}

/** `touched`, `top:0.1`, `threshold:0.5` or `budget:200000`: which rows of the tables a delta takes along. */
export function rowPolicyOption(name: string, value: unknown): RowPolicy {
  const text = textOption(name, value) ?? 'touched';
  const [, kind, digits] = /^(top|threshold|budget):(.+)$/.exec(text) ?? [];
  const number = Number(digits);
  if (text === 'touched') return { kind: 'touched' };
  if (kind === 'top' && number >= 0 && number <= 1) return { kind, share: number };
  if (kind === 'threshold' && number >= 0 && Number.isFinite(number)) return { kind, norm: number };
  if (kind === 'budget' && Number.isSafeInteger(number) && number >= 1) return { kind, bytes: number };
  throw new UsageError(
    `--${name}: expected touched, top:SHARE up to 1, threshold:NORM or budget:BYTES, such as top:0.1; got "${text}"`,
  );
}

/** `32,64`: distinct whole numbers in increasing order. */
export function numberListOption(
  name: string,
  value: unknown,
  fallback: readonly number[],
  least = 1,
): readonly number[] {
  if (value === undefined) return fallback;
  const text = textOption(name, value) ?? '';
  const numbers = text.split(',').map((number) => (number.trim() === '' ? Number.NaN : Number(number)));
  const ok = numbers.every((n) => Number.isSafeInteger(n) && n >= least) && new Set(numbers).size === numbers.length;
  if (!ok)
    throw new UsageError(
      `--${name}: expected distinct whole numbers of at least ${least} such as 32,64; got "${text}"`,
    );
  return numbers.sort((a, b) => a - b);
}

/** `90s`, `30m`, `2h` in seconds. */
export function durationOption(name: string, value: unknown): number | undefined {
  const text = textOption(name, value);
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text);
  const seconds = match ? Number(match[1]) * { s: 1, m: 60, h: 3600 }[match[2] as 's' | 'm' | 'h'] : 0;
  if (!(seconds > 0)) throw new UsageError(`--${name}: expected a time such as 90s, 30m or 2h; got "${text}"`);
  return seconds;
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : Array.isArray(value) ? value.map(shown).join(', ') : String(value);
}
