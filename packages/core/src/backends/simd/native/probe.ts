import { spawnSync } from 'node:child_process';
import { type ProbeLine, probeLibraries, type Verdict } from './probe-program.ts';

/** Seconds after which a library has had its chance. */
const PATIENCE = 60;

/** One thread, whichever library reads it: the tasks of the grid are what runs beside each other. */
export const ONE_THREAD: Variables = {
  OPENBLAS_NUM_THREADS: '1',
  BLIS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  // Its threads would be those of a library that may not be there.
  MKL_THREADING_LAYER: 'SEQUENTIAL',
  OMP_NUM_THREADS: '1',
};

/** How a child process ended, and what it said. */
export interface Child {
  readonly stdout: string;
  readonly signal: string | null;
  readonly status: number | null;
  readonly timedOut: boolean;
}

/** Variables of a process. */
export type Variables = Readonly<Record<string, string>>;

/** Runs the program of the probe over some libraries, with some variables set; tests pass their own. */
export type RunChild = (koffi: string, paths: readonly string[], variables?: Variables) => Child;

const PROGRAM = `(${probeLibraries})(
  require(process.argv[1]),
  JSON.parse(process.argv[2]),
  (line) => require('node:fs').writeSync(1, '\\n\\u0001' + JSON.stringify(line) + '\\n'),
);`;

/** A child process that a library may kill. */
export const runChild: RunChild = (koffi, paths, variables) => {
  const { stdout, signal, status, error } = spawnSync(process.execPath, ['-e', PROGRAM, koffi, JSON.stringify(paths)], {
    encoding: 'utf8',
    env: { ...process.env, ...ONE_THREAD, ...variables, NODE_OPTIONS: '' },
    timeout: PATIENCE * 1000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const timedOut = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  return { stdout: stdout ?? '', signal, status, timedOut };
};

/**
 * The verdict on each library up to the first good one, found in child processes: one that is killed says so of the
 * library that it tried, and another goes on with the next.
 */
export function probe(
  koffi: string,
  paths: readonly string[],
  run: RunChild = runChild,
  variables: Variables = {},
): Verdict[] {
  const verdicts: Verdict[] = [];
  while (verdicts.length < paths.length && verdicts.at(-1)?.kind !== 'good') {
    const begin = verdicts.length;
    const child = run(koffi, paths.slice(begin), variables);
    for (const { verdict } of linesOf(child.stdout)) if (verdict !== undefined) verdicts.push(verdict);
    const good = verdicts.at(-1)?.kind === 'good';
    if (!good && verdicts.length < paths.length) verdicts.push({ kind: 'fatal', how: howItEnded(child) });
  }
  return verdicts;
}

/** What a library itself prints is no line of the program. */
function linesOf(stdout: string): ProbeLine[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('\u0001'));
  return lines.map((line) => JSON.parse(line.slice(1)) as ProbeLine);
}

function howItEnded({ signal, status, timedOut }: Child): string {
  if (timedOut) return `does not come back within ${PATIENCE} seconds`;
  if (signal === 'SIGILL') return 'ends the process by SIGILL, an instruction that this processor does not have';
  return signal === null ? `ends the process with status ${status}` : `ends the process by ${signal}`;
}
