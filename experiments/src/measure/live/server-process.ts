import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { RunError } from '../../errors.ts';
import { signalExitCode, stopSignals } from '../../run/process/stop.ts';

/** `seqrec serve` as a process of its own. */
export interface ServerProcess {
  readonly url: string;
  /** Seconds from its start to its first answer. */
  readonly startup: number;
  /** Resident bytes now; undefined where the system does not say. */
  memory(): number | undefined;
  /** `SIGKILL` ends it as a loss of power does, `SIGTERM` in order. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** Starts this program again as `serve` with these arguments, at a free port. @throws RunError when it ends at once. */
export async function startServerProcess(args: readonly string[]): Promise<ServerProcess> {
  const began = performance.now();
  const command = [...process.execArgv, process.argv[1], 'serve', ...args, '--port', '0'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  // Whatever ends this process ends the service as well.
  const kill = (): void => void child.kill('SIGKILL');
  const leave = (signal: NodeJS.Signals): void => process.exit(signalExitCode(signal));
  process.once('exit', kill);
  for (const signal of stopSignals) process.once(signal, leave);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      process.off('exit', kill);
      for (const signal of stopSignals) process.off(signal, leave);
      resolve();
    });
  });
  const url = await addressOf(child, ended);
  return {
    url,
    startup: (performance.now() - began) / 1000,
    memory: () => residentBytes(child.pid),
    end: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}

function addressOf(child: ChildProcess, ended: Promise<void>): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: unknown): void => {
      output += String(chunk);
      const [, found] = /(http:\/\/[\d.]+:\d+)\/docs/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    void ended.then(() =>
      reject(new RunError(`bench serve: expected a service that listens; it ended and said:\n${output.trim()}`)),
    );
  });
}

function residentBytes(pid: number | undefined): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : 1024 * Number(kilobytes);
  } catch {
    return undefined;
  }
}
