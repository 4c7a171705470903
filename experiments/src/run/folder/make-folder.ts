import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Makes a folder and those above it, where they are not there.
 *
 * From the root on: of a relative path in a working directory that was removed, Node tries the same two names for ever.
 */
export function makeFolder(path: string): void {
  mkdirSync(resolve(path), { recursive: true });
}
