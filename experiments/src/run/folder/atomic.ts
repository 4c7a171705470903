import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { RunError } from '../../errors.ts';

/** Writes a file so that a reader, or a crash, sees the old content or the new one and nothing in between. */
export function writeFileAtomic(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const descriptor = openSync(temporary, 'w');
    try {
      // One `writeSync` may take a part of it and say nothing, on a disk that is nearly full.
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function writeJson(file: string, value: unknown): void {
  writeFileAtomic(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Reads a JSON file of a run folder; a missing or damaged file is a `RunError` that names it. */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new RunError(`${file}: expected a file of a run folder; it is missing or cannot be read`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RunError(`${file}: not valid JSON (${error instanceof Error ? error.message : error})`);
  }
}
