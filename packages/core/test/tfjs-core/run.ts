// Runs the tests that tfjs-core publishes in its own package on a backend, `simd` unless the second argument names one.
// They are written for a bundler (imports without extensions, `require` beside `import`) and for jasmine 3. The first
// argument is a folder for the bundle, the third the path of a native library that multiplies; the last line of the
// output is a report as JSON.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** What the tests came to. */
export interface TfjsReport {
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly message: string }[];
  /** Tests that tfjs-core itself leaves out. */
  readonly skipped: readonly string[];
}

interface Spec {
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'pending' | 'excluded';
  readonly failedExpectations: readonly { readonly message: string }[];
}

/** The part of jasmine 3 that is used; it has no types of its own. */
interface Jasmine {
  exit: (code: number) => void;
  clearReporters(): void;
  randomizeTests(random: boolean): void;
  addReporter(reporter: { specDone?(spec: Spec): void; jasmineDone?(): void }): void;
  execute(): void;
}

const [folder, backend = 'simd', library = ''] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const file = join(folder, 'tfjs-core-tests.mjs');
await build({
  entryPoints: [fileURLToPath(new URL('./entry.ts', import.meta.url))],
  outfile: file,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  logLevel: 'error',
  // One copy of tfjs-core: the modules that its tests import, not the file for Node.
  mainFields: ['module', 'main'],
  conditions: ['@seqrec/source'],
  // The package says that its tests have no effects, so that they would be left out.
  ignoreAnnotations: true,
  // Wanted by tfjs-core, which does not depend on it.
  alias: { 'jasmine-core': dirname(createRequire(require.resolve('jasmine')).resolve('jasmine-core/package.json')) },
  banner: {
    js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(${JSON.stringify(import.meta.url)});`,
  },
  define: {
    // Modules that ask where they lie: for the kernels, and for koffi, from wherever in the package.
    'import.meta.url': JSON.stringify(new URL('../../src/backends/simd/platform/node.ts', import.meta.url).href),
    'process.env.SEQREC_TESTED_BACKEND': JSON.stringify(backend),
    'process.env.SEQREC_TESTED_LIBRARY': JSON.stringify(library),
  },
});

const runner = new (require('jasmine') as { new (): Jasmine })();
const specs: Spec[] = [];
runner.exit = () => undefined;
runner.clearReporters();
runner.randomizeTests(false);
runner.addReporter({
  specDone: (spec) => specs.push(spec),
  jasmineDone() {
    const named = (status: Spec['status']) => specs.filter((spec) => spec.status === status);
    const report: TfjsReport = {
      passed: named('passed').length,
      failed: named('failed').map(({ fullName, failedExpectations }) => ({
        name: fullName,
        message: failedExpectations.map(({ message }) => message).join('; '),
      })),
      skipped: [...named('pending'), ...named('excluded')].map(({ fullName }) => fullName),
    };
    process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(0));
  },
});
await import(pathToFileURL(file).href);
runner.execute();
