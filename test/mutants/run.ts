// `pnpm mutants`: plants small faults in the code that figures rest on and counts those that the tests notice.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Folder, folders } from './folders.ts';
import { mutate } from './mutate.ts';
import { type Excuse, isAlive, type Mutant, type Score, score } from './score.ts';

const BAR = 0.9;
/** Mutants of a folder that was not run yet, roughly: what a sample is a share of. */
const MANY = 500;
const help = `pnpm mutants [options]

Plants mutants (a changed comparison, constant, sum, condition, a removed statement) in the folders below, runs the
tests that reach each of them, and prints which died. Ends with 1 when a folder has less than ${100 * BAR} % of those that
are not equivalent. Survivors are explained in test/mutants/survivors.

  --folder NAME   only this folder; may be repeated
  --file TEXT     only files whose path below src contains this
  --own           only the tests of the folder itself may kill: quicker, and the score a lower bound
  --sample N      about N mutants a folder, for a quick estimate; the results are not kept
  --seed S        which ones (default 1)
  --workers N     test processes beside each other (default: the number of cores)
  --last          mutate nothing: the scores of the results that were kept, with the list of survivors as it is now
  --all           also print the survivors that the list explains
  --help          this text

Folders: ${folders.map(({ name }) => name).join(', ')}
`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const kept = `${root}.cache/mutants`;
const fileOf = (folder: Folder): string => folder.name.replace('/', '-');

function stop(message: string): never {
  console.error(`mutants: ${message}; see --help`);
  process.exit(2);
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) stop(`expected --${name} of 1 or more; got ${text}`);
  return value;
}

function options() {
  try {
    return parseArgs({
      options: {
        folder: { type: 'string', multiple: true },
        file: { type: 'string' },
        own: { type: 'boolean' },
        sample: { type: 'string' },
        seed: { type: 'string' },
        workers: { type: 'string' },
        last: { type: 'boolean' },
        all: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return stop((error as Error).message);
  }
}

function excusesOf(folder: Folder): readonly Excuse[] {
  const file = `${root}test/mutants/survivors/${fileOf(folder)}.json`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Excuse[]) : [];
}

function describe({ file, line, column, text, operator, replacement, status }: Mutant): string {
  const shown = replacement.replaceAll(/\s+/g, ' ');
  const reached = status === 'NoCoverage' ? ' (no test reaches it)' : '';
  return `  ${file}:${line}:${column} ${operator}${reached}\n    ${text}\n    -> ${shown}`;
}

function print(scores: ReadonlyMap<string, Score>): void {
  const rows = [...scores].map(([name, s]) => [
    name,
    ...[s.mutants, s.killed, s.survived, s.equivalent, s.unlisted.length].map(String),
    `${(100 * s.share).toFixed(1)} %${s.share < BAR ? '  below the bar' : ''}`,
  ]);
  const table = [['folder', 'mutants', 'killed', 'survived', 'equivalent', 'unexplained', 'score'], ...rows];
  const widths = table[0].map((_, c) => Math.max(...table.map((row) => row[c].length)));
  for (const row of table) {
    console.log(row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join('  '));
  }
}

const given = options();
if (given.help) {
  console.log(help);
  process.exit(0);
}
for (const name of given.folder ?? []) {
  if (!folders.some((folder) => folder.name === name)) {
    stop(`expected --folder ${folders.map((folder) => folder.name).join(', ')}; got ${name}`);
  }
}
const sample = whole('sample', given.sample);
const seed = whole('seed', given.seed) ?? 1;
const workers = whole('workers', given.workers) ?? availableParallelism();
const chosen = folders.filter(({ name }) => given.folder?.includes(name) ?? true);
if (given.last && sample !== undefined) stop('expected --last without --sample; got both');
const asked = ({ file }: { readonly file: string }): boolean =>
  given.file === undefined || file.slice(file.indexOf('/src/')).includes(given.file);

const scores = new Map<string, Score>();
for (const folder of chosen) {
  const file = `${kept}/${fileOf(folder)}.json`;
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Mutant[]) : [];
  let mutants: readonly Mutant[] = before.filter(asked);
  if (!given.last) {
    const began = performance.now();
    const share = sample === undefined ? 1 : Math.min(1, sample / (mutants.length > 0 ? mutants.length : MANY));
    mutants = await mutate(folder, { workers, share, seed, file: given.file, own: given.own });
    const seconds = (performance.now() - began) / 1000;
    console.log(`${folder.name}: ${mutants.length} mutants in ${seconds.toFixed(0)} s`);
    if (sample === undefined) {
      mkdirSync(kept, { recursive: true });
      writeFileSync(file, JSON.stringify([...before.filter((mutant) => !asked(mutant)), ...mutants]));
    }
  }
  if (mutants.length === 0) {
    console.log(`${folder.name}: no mutants${given.last ? ' yet' : ''}`);
    continue;
  }
  const result = score(mutants, excusesOf(folder).filter(asked));
  scores.set(folder.name, result);
  const shown = given.all ? mutants.filter(({ status }) => isAlive(status)) : result.unlisted;
  for (const mutant of shown) console.log(describe(mutant));
  if (sample === undefined) {
    for (const { file, line } of result.unused) console.log(`  no survivor needs the excuse of ${file}: ${line}`);
  }
}
print(scores);
process.exitCode = [...scores.values()].some(({ share }) => share < BAR) ? 1 : 0;
