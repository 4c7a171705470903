// `pnpm test`: every gate in order, then the tests. Ends with vitest's summary and one plain line of counts.
// `--full` adds the slow tests, `--slow` runs those alone; any other argument goes to vitest (a file name, `-t name`).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Gate {
  readonly name: string;
  readonly command: readonly string[];
}

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const full = process.argv.includes('--full');
const slow = process.argv.includes('--slow');
const passed = process.argv.slice(2).filter((argument) => argument !== '--full' && argument !== '--slow');
const gates: readonly Gate[] = [
  { name: 'kernels', command: [process.execPath, 'packages/core/build-assembly.mjs'] },
  { name: 'format and lint', command: ['biome', 'check', '.'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'types of the tests', command: ['tsc', '-p', 'tsconfig.test.json'] },
  {
    name: 'import direction',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'packages', 'experiments'],
  },
];

let broken = 0;
for (const { name, command } of slow ? gates.slice(0, 1) : gates) {
  const began = performance.now();
  const [program, ...args] = command;
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error) console.error(`${name}: ${error.message}; start the tests as \`npx -y pnpm@12 test\``);
  if (status !== 0) broken++;
  console.log(`${status === 0 ? 'ok' : 'FAILED'}  ${name}  ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
if (!process.env.SEQREC_DATA) console.log('SEQREC_DATA is not set: tests on real data are skipped');

const folder = mkdtempSync(join(tmpdir(), 'seqrec-test-'));
const counts = join(folder, 'counts.json');
const names = slow ? ['slow'] : full ? ['unit', 'slow'] : ['unit'];
const projects = names.flatMap((name) => ['--project', name]);
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${counts}`];
const { status } = spawnSync('vitest', ['run', ...projects, ...reporters, ...passed], { stdio: 'inherit' });
let summary = '0 passed, 1 failed, 0 skipped';
try {
  const report = JSON.parse(readFileSync(counts, 'utf8')) as Report;
  const skipped = report.numPendingTests + report.numTodoTests;
  // A file that fails before its first test, or in a hook, counts as one failure.
  const broke = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  summary = `${report.numPassedTests} passed, ${report.numFailedTests + broke.length} failed, ${skipped} skipped`;
} catch {
  console.error('vitest left no report: it did not run to its end');
}
rmSync(folder, { recursive: true, force: true });
if (broken > 0) console.error(`${broken} of ${gates.length} gates failed before the tests (see above)`);
console.log(summary);
process.exitCode = broken > 0 || status !== 0 ? 1 : 0;
