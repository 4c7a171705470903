import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
const nodeArguments = ['--conditions=@seqrec/source', '--disable-warning=ExperimentalWarning', cli];

/** What starts the command. */
export const commandWords: readonly string[] = [process.execPath, ...nodeArguments];

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LaunchOptions {
  /** A program that starts the command, with its own arguments: `mpiexec -n 2`. */
  readonly launcher?: readonly string[];
  /** Added to the environment. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface StartedCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
}

/** The command as a child process of its own, as a person would start it. */
export function startCli(args: readonly string[], cwd: string, options: LaunchOptions = {}): StartedCli {
  const { launcher = [], variables = {} } = options;
  const [program, ...words] = [...launcher, ...commandWords, ...args];
  const env = { ...process.env, ...variables };
  const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<CliResult>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

export function runCli(args: readonly string[], cwd: string, options?: LaunchOptions): Promise<CliResult> {
  return startCli(args, cwd, options).ended;
}

/** A recipe small enough to train in seconds; its world has a growing vocabulary like the real one. */
export const tinyRecipe = [
  'synthetic/hstu',
  '--data.records=320',
  '--data.items=300',
  '--data.categories=10',
  '--data.length=24',
  '--model.maxSequenceLength=24',
  '--model.embeddingDim=32',
  '--model.dqk=16',
  '--model.dv=16',
  '--model.inputDropout=0.1',
  '--model.linearDropout=0.1',
  '--objective.numNegatives=16',
  '--training.batchSize=16',
  '--training.shuffle=true',
];
