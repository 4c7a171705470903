// The tensorflow backend on a real library, which SEQREC_TENSORFLOW_LIBRARY names: linked into a folder of its own, so
// that no other test finds it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const library = process.env.SEQREC_TENSORFLOW_LIBRARY;
const folder = mkdtempSync(join(tmpdir(), 'seqrec-linked-'));

function node(...args: string[]) {
  // Not the environment of this vitest, which another would take for its own.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  return spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...env, INIT_CWD: root, SEQREC_TENSORFLOW: folder },
  });
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const title = 'tensorflow on a real library';
describe.skipIf(!library)(library ? title : `${title} (skipped: SEQREC_TENSORFLOW_LIBRARY names none)`, () => {
  let linking: ReturnType<typeof node>;
  beforeAll(() => {
    linking = node('packages/core/install-tensorflow.ts', '--library', library as string);
  }, 600_000);

  it('links, starts and computes a product, without a warning of Node', () => {
    expect(linking.stdout + linking.stderr).toMatch(
      /Linked TensorFlow \d+\.\d+.* into .*\nThe tensorflow backend works: .*TensorFlow \d.*, device (CPU|GPU); a product is right within/s,
    );
    expect(linking.status).toBe(0);
    expect(linking.stderr).not.toMatch(/DEP\d{4}|DeprecationWarning/);
  });

  it('passes the conformance suite, and Node warns of nothing', () => {
    const report = join(folder, 'report.json');
    const suite = 'packages/core/src/conformance/tensorflow.test.ts';
    const reporters = ['--reporter=json', `--outputFile=${report}`];
    const { stdout, stderr } = node('node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', ...reporters, suite);
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
    expect({ numFailedTests, numPendingTests }, stdout).toEqual({ numFailedTests: 0, numPendingTests: 0 });
    expect(numPassedTests).toBeGreaterThanOrEqual(53);
    expect(stderr).not.toMatch(/DEP\d{4}|DeprecationWarning/);
  });

  it('agrees with the golden files', () => {
    const goldens = 'packages/models/src/golden/fixtures';
    const files = readdirSync(join(root, goldens)).filter((file) => file.endsWith('.json'));
    const { status, stdout, stderr } = node(
      'experiments/bin/seqrec.mjs',
      'parity',
      ...files.map((file) => `${goldens}/${file}`),
      ...['--backend', 'tensorflow'],
    );
    expect(stdout + stderr).toContain('backend tensorflow');
    expect(status, stdout + stderr).toBe(0);
  });

  it('doctor shows its version and device', () => {
    const { stdout } = node('experiments/bin/seqrec.mjs', 'doctor');
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /tensorflow yes .*tensorflow \d+\.\d+\S*; device (CPU|GPU); library /,
    );
  });
});
