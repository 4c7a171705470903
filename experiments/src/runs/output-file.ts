import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../errors.ts';

/**
 * Checks, before anything slow and without creating it, that a file can be written.
 *
 * @param option named in the message.
 * @throws UsageError.
 */
export function checkOutputFile(option: string, file: string): void {
  const refuse = (got: string): never => {
    throw new UsageError(`${option}: expected a file that can be written; got ${file}; ${got}`);
  };
  if (existsSync(file)) {
    if (statSync(file).isDirectory()) refuse('it is a folder, name a file in it');
    if (!writable(file)) refuse('it is read-only');
  }
  let folder = dirname(resolve(file));
  while (!existsSync(folder)) folder = dirname(folder);
  if (!statSync(folder).isDirectory()) refuse(`${folder} is not a folder`);
  if (!writable(folder)) refuse(`${folder} cannot be written`);
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
