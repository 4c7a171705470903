import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Stryker } from '@stryker-mutator/core';
import { type Folder, notMutated } from './folders.ts';
import { type CloneNode, type Operator, ownOperators, thinned } from './operators.ts';
import type { Mutant } from './score.ts';

export interface MutateOptions {
  /** Test processes beside each other. */
  readonly workers: number;
  /** Share of the mutants that are tried, in (0, 1]. */
  readonly share: number;
  readonly seed: number;
  /** Only files whose path below `src` contains this. */
  readonly file?: string;
  /** Only the tests of the folder itself. */
  readonly own?: boolean;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Operators whose mutants crash at once or change a text: they would make the score look better than the tests. */
const excluded = ['StringLiteral', 'ObjectLiteral', 'ArrayDeclaration', 'Regex', 'OptionalChaining', 'UpdateOperator'];

/**
 * Mutates one folder and runs, for every mutant, the tests that reach it until one fails. Code that runs only while a
 * file is loaded (a constant of a module) is reached by no test in particular: those mutants come last, with all tests.
 */
export async function mutate(folder: Folder, options: MutateOptions): Promise<readonly Mutant[]> {
  const sources = sourcesOf(folder, options.file);
  if (sources.size === 0) return [];
  const paths = [...sources.keys()];
  // The tests' processes inherit it.
  const tests = options.own === true ? [`${folder.path}/**/*.test.ts`] : folder.tests;
  process.env.SEQREC_MUTANT_TESTS = tests.join(';');
  process.env.SEQREC_MUTANT_FOLDER = folder.path;

  await useOperators(options.share, options.seed);
  const found = await run(paths, options.workers, true);
  const late = found.filter(({ status, statusReason }) => status === 'Ignored' && /^Static/.test(statusReason ?? ''));
  const results = found.filter(({ status }) => status !== 'Ignored');
  if (late.length > 0) {
    await useOperators(1, options.seed);
    const wanted = new Set(late.map(identity));
    const again = await run([...new Set(late.map(rangeOf))], options.workers, false);
    const tried = again.filter((result) => wanted.has(identity(result)));
    if (tried.length < late.length) {
      throw new Error(
        `mutants: expected ${late.length} mutants of code that runs while a file loads; got ${tried.length}`,
      );
    }
    results.push(...tried);
  }
  return results
    .filter(({ status }) => status !== 'CompileError')
    .map(({ fileName, location, mutatorName, replacement, status }) => {
      const file = relative(fileName);
      const { line, column } = location.start;
      const text = (sources.get(file)?.[line - 1] ?? '').trim();
      return { file, line, column, text, operator: mutatorName, replacement, status };
    });
}

/** The lines of the files to mutate, by path; `part` as `MutateOptions.file`. */
function sourcesOf({ path: folder }: Folder, part: string | undefined): ReadonlyMap<string, readonly string[]> {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !notMutated.some((end) => matches(file, end)))
    .map((file) => `${folder}/${file}`)
    .filter((path) => part === undefined || path.split('/src')[1].includes(part));
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8').split('\n')]));
}

/** Lines of the files to mutate. */
export function linesOf(folder: Folder, part?: string): number {
  return [...sourcesOf(folder, part).values()].reduce((sum, lines) => sum + lines.length, 0);
}

type Results = Awaited<ReturnType<Stryker['runMutationTest']>>;
type Result = Results[number];

/** @param patterns files, or ranges of them */
function run(patterns: readonly string[], workers: number, ignoreStatic: boolean): Promise<Results> {
  return new Stryker({
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner', fileURLToPath(new URL('ignore-texts.ts', import.meta.url))],
    ignorers: ['texts'],
    vitest: { configFile: 'test/mutants/vitest.config.ts', pool: 'threads', related: false },
    coverageAnalysis: 'perTest',
    ignoreStatic,
    mutate: [...patterns],
    mutator: { excludedMutations: excluded },
    disableTypeChecks: false,
    // Loops that no longer end are found by counting; the clock is for the rest and must bear a busy machine.
    timeoutMS: 20_000,
    concurrency: workers,
    reporters: ['progress-append-only'],
    logLevel: 'warn',
    warnings: false,
    ignorePatterns: ['runs', '.cache', '**/dist'],
    allowEmpty: true,
  } as ConstructorParameters<typeof Stryker>[0]).runMutationTest();
}

const relative = (file: string): string => (file.startsWith(root) ? file.slice(root.length) : file);
const place = ({ line, column }: Result['location']['start']): string => `${line}:${column - 1}`;

/** Stryker's notation of a part of a file. Lines count from 1 there, columns from 0; those of a result count from 1. */
function rangeOf({ fileName, location }: Result): string {
  return `${relative(fileName)}:${place(location.start)}-${place(location.end)}`;
}

function identity(result: Result): string {
  return `${rangeOf(result)} ${result.mutatorName} ${result.replacement}`;
}

function matches(file: string, end: string): boolean {
  if (end.endsWith('/')) return `/${file}`.includes(`/${end}`);
  return end.startsWith('*') ? file.endsWith(end.slice(1)) : file === end || file.endsWith(`/${end}`);
}

let own: readonly Operator[] | undefined;

/**
 * Adds our operators to Stryker's list and thins all of them. Stryker has no door for operators, so its modules are
 * loaded by path; the version is pinned for that reason, and the check says so when the list has moved.
 */
async function useOperators(share: number, seed: number): Promise<void> {
  const fromCore = createRequire(createRequire(import.meta.url).resolve('@stryker-mutator/core'));
  const folder = join(dirname(fromCore.resolve('@stryker-mutator/instrumenter/package.json')), 'dist/src');
  const load = (file: string) => import(pathToFileURL(join(folder, file)).href);
  const { allMutators } = (await load('mutators/index.js')) as { allMutators: Operator[] | undefined };
  const { deepCloneNode } = (await load('util/index.js')) as { deepCloneNode: CloneNode | undefined };
  if (!Array.isArray(allMutators) || deepCloneNode === undefined) {
    throw new Error('mutants: expected the operators of @stryker-mutator/instrumenter 10.1; got another layout');
  }
  own ??= [...allMutators, ...ownOperators(deepCloneNode)];
  allMutators.splice(0, allMutators.length, ...own.map((o) => (share < 1 ? thinned(o, share, seed) : o)));
}
