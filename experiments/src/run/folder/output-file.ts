import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../../errors.ts';

/**
 * Checks, before anything slow and without creating it, that a file can be written and that nothing of another kind is
 * lost by it.
 *
 * @param option named in the message. @param extension of the files that may be replaced.
 * @throws UsageError.
 */
export function checkOutputFile(option: string, file: string, extension: string): void {
  const refuse = (got: string): never => {
    throw new UsageError(`${option}: expected a file that can be written; got ${file}; ${got}`);
  };
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
  const [one, other] = [a, b].map((path) => (existsSync(path) ? realpathSync(path) : resolve(path)));
  return one === other;
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
