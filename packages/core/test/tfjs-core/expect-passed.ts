import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { TfjsReport } from './run.ts';

const program = fileURLToPath(new URL('./run.ts', import.meta.url));

/** Tests of theirs that may fail, and why. */
const exceptions: Readonly<Record<string, string>> = {
  'gather simd {} throws when index is out of bound': 'it does throw, in our words, which say where the index stands',
};

/** In a process of their own: they reset the engine, and jasmine's globals have the names of vitest's. */
function tfjsCoreTests(library?: string): TfjsReport {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-tfjs-core-'));
  try {
    const { stdout, stderr } = spawnSync(process.execPath, [program, folder, 'simd', ...(library ? [library] : [])], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    const last = stdout.trimEnd().split('\n').at(-1) ?? '';
    if (!last.startsWith('{"passed"')) throw new Error(`the tests did not run to their end: ${stdout}\n${stderr}`);
    return JSON.parse(last) as TfjsReport;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The tests of tfjs-core pass on simd, but for those listed. @param library multiplies, where it is given. */
export function expectTheirTestsPass(library?: string): void {
  const { passed, failed, skipped } = tfjsCoreTests(library);
  const unexpected = failed.filter(({ name }) => !(name in exceptions));
  expect(unexpected.map(({ name, message }) => `${name}: ${message}`)).toEqual([]);
  // An exception that passes is taken off the list.
  expect(failed.map(({ name }) => name)).toEqual(Object.keys(exceptions));
  // All of them ran: two more are for the backend of the name `cpu`.
  expect({ passed, skipped: skipped.length }).toEqual({ passed: 4224, skipped: 5 });
}
