import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { UsageError } from '../../errors.ts';
import { runDirAt } from './run-dir.ts';

/**
 * Checks, before anything slow and without creating it, that a file can be written and that nothing of another kind,
 * and nothing that a run is read from, is lost by it.
 *
 * @param option named in the message. @param extension of the files that may be replaced.
 * @throws UsageError.
 */
export function checkOutputFile(option: string, file: string, extension: string): void {
  const refuse = (got: string): never => {
    throw new UsageError(`${option}: expected a file that can be written; got ${file}; ${got}`);
  };
  if (isKeptByRun(file)) refuse('a run keeps its own there, name another place');
  if (existsSync(file)) {
    if (statSync(file).isDirectory()) refuse('it is a folder, name a file in it');
    if (!file.endsWith(extension)) refuse(`it is there, and only files that end in ${extension} are replaced`);
    if (!writable(file)) refuse('it is read-only');
  }
  let folder = dirname(resolve(file));
  while (!existsSync(folder)) folder = dirname(folder);
  if (!statSync(folder).isDirectory()) refuse(`${folder} is not a folder`);
  if (!writable(folder)) refuse(`${folder} cannot be written`);
}

/** Whether two paths are of one file, whatever links and folders lead to it. */
export function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map(realPath);
  return one === other;
}

/** Without links, also of a file that is not there yet. */
function realPath(path: string): string {
  const whole = resolve(path);
  if (existsSync(whole)) return realpathSync(whole);
  return dirname(whole) === whole ? whole : join(realPath(dirname(whole)), basename(whole));
}

/** Whether a path is a file that a run is read from, or in the folder of its checkpoints or of its baselines. */
function isKeptByRun(file: string): boolean {
  const path = realPath(file);
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const run = runDirAt(folder);
    if (!existsSync(run.config) || !existsSync(dirname(run.last))) continue;
    const kept = [dirname(run.last), run.baselines, run.ranks, run.predictions, run.ids];
    return kept.some((place) => path === place || path.startsWith(`${place}${sep}`));
  }
  return false;
}

/** Whether this process may write an existing file, or into a folder. */
export function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
