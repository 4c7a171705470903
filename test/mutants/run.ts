// `pnpm mutants`: plants small faults in the code that figures rest on and counts those that the tests notice.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Folder, folders } from './folders.ts';
import { linesOf, mutate } from './mutate.ts';
import { type Excuse, exitCode, isAlive, type Mutant, type Score, score, table } from './score.ts';

const BAR = 0.9;
const help = `pnpm mutants [options]

Plants mutants (a changed comparison, constant, sum, condition, a removed statement) in the folders below, runs the
tests that reach each of them, and counts which died. At the end it lists the survivors that test/mutants/survivors does not
explain, then one table. Ends with 1 when a folder was not run or less than ${100 * BAR} % of its mutants that are not equivalent died.

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

const scores = new Map<string, Score | undefined>();
const notes: string[] = [];
for (const folder of chosen) {
  const file = `${kept}/${fileOf(folder)}.json`;
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Mutant[]) : [];
  let mutants: readonly Mutant[] = before.filter(asked);
  if (!given.last) {
    const began = performance.now();
    // Code has about one mutant a line.
    const share = sample === undefined ? 1 : Math.min(1, sample / linesOf(folder, given.file));
    mutants = await mutate(folder, { workers, share, seed, file: given.file, own: given.own });
    const seconds = (performance.now() - began) / 1000;
    console.log(`${folder.name}: ${mutants.length} mutants in ${seconds.toFixed(0)} s`);
    if (sample === undefined) {
      mkdirSync(kept, { recursive: true });
      writeFileSync(file, JSON.stringify([...before.filter((mutant) => !asked(mutant)), ...mutants]));
    }
  }
  if (mutants.length === 0) {
    // A part of the files, or a sample, may leave nothing of a folder.
    if (given.file === undefined && sample === undefined) scores.set(folder.name, undefined);
    continue;
  }
  const result = score(mutants, excusesOf(folder).filter(asked));
  scores.set(folder.name, result);
  const shown = given.all ? mutants.filter(({ status }) => isAlive(status)) : result.unlisted;
  if (shown.length > 0) notes.push(`${folder.name}: survivors${given.all ? '' : ' without a reason'}`);
  notes.push(...shown.map(describe));
  if (sample === undefined) {
    for (const { file, line } of result.unused) notes.push(`  no survivor needs the excuse of ${file}: ${line}`);
  }
}
for (const note of notes) console.log(note);
console.log(table(scores, BAR));
process.exitCode = exitCode(scores, BAR);
