// `pnpm test`: every gate, then the tests. Ends with vitest's summary and one plain line of counts.
// `--full` adds the slow tests, `--slow` runs those alone; any other argument goes to vitest (a file name, `-t name`).
import { spawn, spawnSync } from 'node:child_process';
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
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'types of the tests', command: ['tsc', '-p', 'tsconfig.test.json'] },
  {
    name: 'import direction',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'packages', 'experiments'],
  },
  { name: 'format and lint', command: ['biome', 'check', '--colors=off', '.'] },
];

let broken = 0;
/** What a gate says comes when it has ended: others run beside it. */
async function pass({ name, command: [program, ...args] }: Gate): Promise<void> {
  const began = performance.now();
  const gate = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const stream of [gate.stdout, gate.stderr]) stream.on('data', (piece: Buffer) => said.push(piece));
  const isGood = await new Promise<boolean>((resolve) => {
    gate.on('error', ({ message }) => {
      console.error(`${name}: ${message}; start the tests as \`npx -y pnpm@12 test\``);
      resolve(false);
    });
    gate.on('close', (status) => resolve(status === 0));
  });
  process.stdout.write(Buffer.concat(said));
  if (!isGood) broken++;
  console.log(`${isGood ? 'ok' : 'FAILED'}  ${name}  ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
// The kernels before the others, which read what is built of them; those two at a time, a core each.
await pass(gates[0]);
const waiting = slow ? [] : gates.slice(1);
const passNext = async (): Promise<void> => {
  for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) await pass(gate);
};
await Promise.all([passNext(), passNext()]);
if (!process.env.SEQREC_DATA) console.log('SEQREC_DATA is not set: tests on real data are skipped');

const folder = mkdtempSync(join(tmpdir(), 'seqrec-test-'));
const counts = join(folder, 'counts.json');
const names = [...(slow ? [] : ['unit', 'data', 'models', 'experiments']), ...(slow || full ? ['slow'] : [])];
const projects = names.flatMap((name) => ['--project', name]);
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${counts}`];
// The tests start many processes: what V8 compiled for one is kept for the others, as the command does it.
const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'), ...process.env };
const { status } = spawnSync('vitest', ['run', ...projects, ...reporters, ...passed], { env, stdio: 'inherit' });
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
