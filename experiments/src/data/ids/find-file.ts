import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { dataFolder } from '../data-folder.ts';

/** A file of vectors or codes: as it is named, else in the folder of the data sets (`SEQREC_DATA`, else `./data`). */
export function findFile(path: string): string {
  if (isAbsolute(path) || existsSync(path)) return path;
  const beside = join(dataFolder(undefined), path);
  return existsSync(beside) ? beside : path;
}
