import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.ts';
import { readJson, writeJson } from '../run/folder/atomic.ts';
import { describeEnvironment } from '../run/folder/environment.ts';
import { makeFolder } from '../run/folder/make-folder.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { coreName } from './machine.ts';

/** What a command measured, with all that a reader needs to judge it. */
export interface SavedResult {
  /** How `result` is read: a name of `KINDS`. */
  readonly kind: string;
  readonly command: string;
  /** The day, `2026-11-27`. */
  readonly date: string;
  /** Absent from tables of an age when commands could not save. */
  readonly machine?: {
    readonly core: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
  readonly version: { readonly commit?: string; readonly node: string };
  readonly result: unknown;
}

/** Options that change where or how loudly, not what is measured. */
const ASIDE = {
  '--save': 'optional',
  '--data': 'value',
  '--out': 'value',
  '--dir': 'value',
  '--plot': 'value',
  '--quiet': 'none',
  '--json': 'none',
} as const;

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** `docs/results` of the checkout that holds this program, else of the current folder. */
export function resultsFolder(): string {
  return existsSync(join(root, 'pnpm-workspace.yaml')) ? join(root, 'docs/results') : resolve('docs/results');
}

/** Where `--save` writes; nothing where it is not given. @throws UsageError for a folder given twice. */
export function saveFolder(save: unknown): string | undefined {
  if (save === undefined || save === false) return undefined;
  if (save === true || save === '') return resultsFolder();
  if (Array.isArray(save)) throw new UsageError(`--save: expected one folder; got ${save.join(' and ')}`);
  return String(save);
}

/**
 * Writes a result as `FOLDER/CORE/COMMAND.json`; a result of the same command on the same core is replaced, whatever
 * files it included. Where another command has the name, since a name has neither capitals nor signs, a digest of the
 * command follows. Returns the file.
 */
export function saveResult(folder: string, kind: string, result: unknown, argv = process.argv.slice(2)): string {
  const { cpu, cores, memoryBytes, commit, node } = describeEnvironment(undefined);
  const words = essential(argv);
  const core = coreName();
  const command = commandOf(words);
  const saved: SavedResult = {
    kind,
    command,
    date: new Date().toISOString().slice(0, 10),
    machine: { core, cpu, cores, memoryBytes },
    version: { ...(commit !== undefined && { commit }), node },
    result: rounded(withoutFolders(result, command)),
  };
  const place = join(folder, slug(core));
  makeFolder(place);
  const file = fileOf(place, words);
  writeJson(file, saved);
  return file;
}

/** Files that are read are of the command, and too long for a name. */
const INCLUDED = / (?:--include[ =](?:'[^']*'|\S+)|'--include=[^']*')/g;

const commandOf = (words: readonly string[]): string => ['seqrec', ...words].map(shellWord).join(' ');
const withoutIncluded = (command: string): string => command.replaceAll(INCLUDED, '');

function fileOf(place: string, words: readonly string[]): string {
  const named = words.filter(
    (word, i) => word !== '--include' && words[i - 1] !== '--include' && !word.startsWith('--include='),
  );
  const name = slug(named.join(' '));
  const file = join(place, `${name}.json`);
  const own = commandOf(named);
  if (!existsSync(file)) return file;
  const { command = '' } = readJson(file) as Partial<SavedResult>;
  if (withoutIncluded(command) === own) return file;
  return join(place, `${name}-${createHash('sha256').update(own).digest('hex').slice(0, 8)}.json`);
}

/** All results of a folder, by their path in it, in the order of the paths. */
export function readResults(folder: string): ReadonlyMap<string, SavedResult> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
  return new Map(files.map((file) => [file, readJson(join(folder, file)) as SavedResult]));
}

/** What `--include` reads of a file: the result, and where it is from, for remarks. */
export interface EarlierResult<T> {
  readonly file: string;
  readonly result: T;
  /** `of 2026-11-28 at commit 01234567, \`seqrec ...\`.`, and what was changed. */
  readonly said: string;
}

/**
 * A result of `seqrec KIND NAME --save`.
 *
 * @throws UsageError for a file of something else, and for one from before results of this kind could be included.
 */
export function readSaved<T extends { readonly name: string; readonly remarks: readonly string[] }>(
  file: string,
  kind: string,
  name: string,
): EarlierResult<Partial<T>> {
  const saved = readJson(file) as Partial<SavedResult>;
  const result = saved.result as Partial<T> | undefined;
  if (saved.kind === kind && Array.isArray(result))
    throw new UsageError(
      `--include: ${file}: expected figures; got tables as they were printed, as they were saved before \`seqrec ${kind}\` could include them`,
    );
  if (saved.kind !== kind || result?.name !== name)
    throw new UsageError(
      `--include: ${file}: expected a result of \`seqrec ${kind} ${name} --save\`; got ${saved.command ?? 'another file'}`,
    );
  const { commit = 'unknown' } = saved.version ?? {};
  const changed = (result.remarks ?? []).map((remark) => ` ${remark}`).join('');
  return { file, result, said: `of ${saved.date} at commit ${commit.slice(0, 8)}, \`${saved.command}\`.${changed}` };
}

function essential(argv: readonly string[]): string[] {
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const [name] = argv[i].split('=');
    const takes = ASIDE[name as keyof typeof ASIDE] as (typeof ASIDE)[keyof typeof ASIDE] | undefined;
    if (takes === undefined) words.push(argv[i]);
    else if (name === argv[i] && takes !== 'none' && !(argv[i + 1] ?? '-').startsWith('-')) i++;
  }
  return words;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** Without command lines as they were typed: they name folders of the machine. */
function withoutFolders(result: unknown, command: string): unknown {
  if (result === null || typeof result !== 'object') return result;
  const own = 'command' in result ? { ...result, command } : result;
  if (!('environment' in own)) return own;
  const { command: _, ...environment } = own.environment as { command?: unknown };
  return { ...own, environment };
}

/** Six digits of what is no whole number: more is noise, and noise makes long files. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(6));
  if (Array.isArray(value)) return value.map(rounded);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)]));
  return value;
}
