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
  /** Only files whose name contains this. */
  readonly file?: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Operators whose mutants crash at once or change a text: they would make the score look better than the tests. */
const excluded = ['StringLiteral', 'ObjectLiteral', 'ArrayDeclaration', 'Regex', 'OptionalChaining', 'UpdateOperator'];

/** Mutates one folder and runs, for every mutant, the tests that reach it until one fails. */
export async function mutate(folder: Folder, options: MutateOptions): Promise<readonly Mutant[]> {
  await addOperators(options);
  const files = readdirSync(join(root, folder.path), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !notMutated.some((end) => matches(file, end)))
    .filter((file) => options.file === undefined || file.includes(options.file));
  if (files.length === 0) return [];
  const paths = files.map((file) => `${folder.path}/${file}`);
  const sources = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8').split('\n')]));
  // The tests' processes inherit it.
  process.env.SEQREC_MUTANT_TESTS = folder.tests.join(';');
  process.env.SEQREC_MUTANT_FOLDER = folder.path;
  const results = await new Stryker({
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner', fileURLToPath(new URL('ignore-texts.ts', import.meta.url))],
    ignorers: ['texts'],
    vitest: { configFile: 'test/mutants/vitest.config.ts', pool: 'threads', related: false },
    coverageAnalysis: 'perTest',
    mutate: paths,
    mutator: { excludedMutations: excluded },
    disableTypeChecks: false,
    // Loops that no longer end are found by counting; the clock is for the rest and must bear a busy machine.
    timeoutMS: 20_000,
    concurrency: options.workers,
    reporters: ['progress-append-only'],
    logLevel: 'warn',
    warnings: false,
    ignorePatterns: ['runs', '.cache', '**/dist'],
    allowEmpty: true,
  } as ConstructorParameters<typeof Stryker>[0]).runMutationTest();
  return results
    .filter(({ status }) => status !== 'Ignored' && status !== 'CompileError')
    .map(({ fileName, location, mutatorName, replacement, status }) => {
      const file = fileName.startsWith(root) ? fileName.slice(root.length) : fileName;
      const { line, column } = location.start;
      const text = (sources.get(file)?.[line - 1] ?? '').trim();
      return { file, line, column, text, operator: mutatorName, replacement, status };
    });
}

function matches(file: string, end: string): boolean {
  return end.startsWith('*') ? file.endsWith(end.slice(1)) : file === end || file.endsWith(`/${end}`);
}

let own: readonly Operator[] | undefined;

/**
 * Adds our operators to Stryker's list and thins all of them. Stryker has no door for operators, so its modules are
 * loaded by path; the version is pinned for that reason, and the check says so when the list has moved.
 */
async function addOperators({ share, seed }: MutateOptions): Promise<void> {
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
