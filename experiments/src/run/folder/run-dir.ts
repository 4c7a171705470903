import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { RunError, UsageError } from '../../errors.ts';
import { suggestion } from '../../suggest.ts';
import { makeFolder } from './make-folder.ts';

/** The files of `runs/<id>/`, each readable without this program. */
export interface RunDir {
  readonly id: string;
  readonly path: string;
  /** The resolved configuration and the name of the recipe. */
  readonly config: string;
  readonly environment: string;
  /** Digest, statistics, processing steps and leakage report of the data. */
  readonly data: string;
  readonly metrics: string;
  /** Baselines, metric definitions and sample recommendations, from which the report is rebuilt. */
  readonly results: string;
  readonly report: string;
  /** Rank of the target of every query of the test set, for paired comparisons. */
  readonly ranks: string;
  /** Of a ranking run in its place: score and label of every row of the test set. */
  readonly predictions: string;
  /** The same for each baseline on each set, so that they are not made again: `baselines/<set>-<name>.safetensors`. */
  readonly baselines: string;
  /** Ids of the data for the dense numbers of users and items, a JSON object a line. */
  readonly userIds: string;
  readonly itemIds: string;
  /** Semantic ids, of a run of generation. */
  readonly ids: string;
  readonly last: string;
  readonly best: string;
  /** The file that `seqrec vectors` writes unless told otherwise. */
  readonly itemVectors: string;
  /** Written by `seqrec vectors --of users`. */
  readonly userVectors: string;
  /** The folder that `seqrec page` writes unless told otherwise. */
  readonly page: string;
  /** While a process writes the folder: which one. */
  readonly lock: string;
}

export function runDirAt(path: string): RunDir {
  const at = (name: string) => join(path, name);
  return {
    id: basename(path),
    path,
    config: at('config.json'),
    environment: at('environment.json'),
    data: at('data.json'),
    metrics: at('metrics.jsonl'),
    results: at('results.json'),
    report: at('report.html'),
    ranks: at('test-ranks.safetensors'),
    predictions: at('test-predictions.safetensors'),
    baselines: at('baselines'),
    userIds: at('users.jsonl'),
    itemIds: at('items.jsonl'),
    ids: at('ids.safetensors'),
    last: at('checkpoints/last.safetensors'),
    best: at('checkpoints/best.safetensors'),
    itemVectors: at('item-vectors.csv'),
    userVectors: at('user-vectors.safetensors'),
    page: at('page'),
    lock: at('run.lock'),
  };
}

/**
 * Checks, before anything slow and without creating it, that the folder of the runs can be written.
 *
 * @throws UsageError naming `--out`.
 */
export function checkRunsFolder(out: string): void {
  let existing = resolve(out);
  while (!existsSync(existing)) existing = dirname(existing);
  const refuse = (got: string) => {
    throw new UsageError(`--out: expected a folder for runs, or a place for one; got ${out}; ${got}`);
  };
  if (!statSync(existing).isDirectory()) refuse(`${existing} is not a folder`);
  try {
    accessSync(existing, constants.W_OK);
  } catch {
    refuse(`${existing} cannot be written`);
  }
}

/** Creates `out/<recipe>-<date>-<time>-<hash>`; the hash is of the configuration, so runs of one recipe tell apart. */
export function createRunDir(out: string, name: string, config: unknown, now: Date): RunDir {
  const hash = createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 6);
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  // A dot in front would hide the folder.
  const id = `${name.replaceAll(/[^\w.-]+/g, '-').replace(/^[.-]+/, '')}-${stamp}-${hash}`;
  makeFolder(out);
  for (let attempt = 1; ; attempt++) {
    const path = join(out, attempt === 1 ? id : `${id}-${attempt}`);
    try {
      // Not recursive: of two runs begun in the same second only one may get the folder.
      mkdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    mkdirSync(join(path, 'checkpoints'));
    return runDirAt(path);
  }
}

/**
 * Finds a run by path, by id under `out`, by a beginning of an id that fits only one, or `latest`.
 *
 * @throws RunError when there is none, or a beginning fits several.
 */
export function openRunDir(out: string, run: string): RunDir {
  if (existsSync(join(run, 'config.json'))) return runDirAt(resolve(run));
  const ids = listRuns(out);
  if (run === 'latest') {
    const newest = ids
      .map((id) => ({ id, time: statSync(join(out, id, 'config.json')).mtimeMs }))
      .sort((a, b) => b.time - a.time)[0];
    if (newest) return runDirAt(join(out, newest.id));
    throw new RunError(
      `run "latest": expected at least one run in ${out}; there is none; \`seqrec train RECIPE\` makes one`,
    );
  }
  if (ids.includes(run)) return runDirAt(join(out, run));
  const fitting = ids.filter((id) => id.startsWith(run));
  if (fitting.length === 1) return runDirAt(join(out, fitting[0]));
  if (fitting.length > 1)
    throw new RunError(`run "${run}": expected one run; ${fitting.length} begin so: ${fitting.slice(0, 5).join(', ')}`);
  const hint = ids.length === 0 ? `${out} holds no run` : suggestion(run, ids.slice(-20));
  throw new RunError(`run "${run}": expected a run folder or the id of a run in ${out}; ${hint}`);
}

/** Removes what a killed process was writing; the files it would have replaced are whole. */
export function removeTemporaries(run: RunDir): void {
  for (const folder of [run.path, join(run.path, 'checkpoints')]) {
    for (const name of readdirSync(folder)) if (/\.\d+\.tmp$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

export function listRuns(out: string): string[] {
  if (!existsSync(out)) return [];
  return readdirSync(out)
    .filter((id) => existsSync(join(out, id, 'config.json')))
    .sort();
}
