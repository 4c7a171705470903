import { type ChildProcess, fork } from 'node:child_process';
import { RunError } from '../../errors.ts';
import { loadedPlugins } from '../../plugins/load-plugins.ts';
import { Interrupted } from '../../run/process/stop.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { BenchmarkRequest } from './request.ts';

const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './job-process.ts' : './job-process.js', import.meta.url);

/** A piece of work of a grid: the settings of a cell, or its run with a seed. */
export interface GridTask {
  readonly kind: 'tune' | 'run';
  /** Its place among the cells. */
  readonly cell: number;
  readonly seed: number;
}

/** What a job hears: what it works for, then a task at a time, then that there is no more. */
export type ToJob =
  | { readonly kind: 'start'; readonly request: BenchmarkRequest; readonly plugins: readonly string[] }
  | { readonly kind: 'task'; readonly task: GridTask }
  | { readonly kind: 'end' };

/** What a job says: `ready` for the next task; `stopped` by a signal, with everything saved. */
export type FromJob =
  | { readonly kind: 'ready' | 'stopped' }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface JobOptions {
  readonly request: BenchmarkRequest;
  /** How many processes. */
  readonly count: number;
  readonly tasks: readonly GridTask[];
  readonly progress: Progress;
  /** Tells of a signal, which the jobs are sent as well. */
  readonly onStop: (send: (signal: NodeJS.Signals) => void) => void;
}

/**
 * Does the tasks of a grid in processes of their own, each the next one that nobody has. What they make are runs in
 * the folder of the benchmark; whoever goes through the grid afterwards finds them there.
 *
 * @throws Interrupted when a signal stopped one, RunError with what one failed of.
 */
export async function runJobs({ request, count, tasks, progress, onStop }: JobOptions): Promise<void> {
  const left = [...tasks];
  let failure: string | undefined;
  let stopped = false;
  const children: ChildProcess[] = [];
  onStop((signal) => {
    for (const child of children) child.kill(signal);
  });
  const plugins = loadedPlugins().map(({ path }) => path);
  const one = (number: number): Promise<void> =>
    new Promise((resolve) => {
      const child = fork(PROGRAM, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      children.push(child);
      const say = (message: ToJob): void => void child.send(message);
      child.on('message', (message) => {
        const heard = message as FromJob;
        switch (heard.kind) {
          case 'ready': {
            const task = failure === undefined && !stopped ? left.shift() : undefined;
            say(task === undefined ? { kind: 'end' } : { kind: 'task', task });
            return;
          }
          case 'note':
            progress.note(`job ${number}: ${heard.text}`);
            return;
          case 'failed':
            failure ??= heard.message;
            return;
          case 'stopped':
            stopped = true;
        }
      });
      child.once('error', (error) => {
        failure ??= error.message;
        resolve();
      });
      child.once('close', (code, signal) => {
        if (code !== 0) failure ??= `job ${number} ended with ${signal ?? `code ${code}`}`;
        resolve();
      });
      say({ kind: 'start', request, plugins });
    });
  await Promise.all(Array.from({ length: Math.min(count, tasks.length) }, (_, i) => one(i + 1)));
  if (stopped) throw new Interrupted('stopped');
  if (failure !== undefined) throw new RunError(failure);
}
