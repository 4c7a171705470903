// The program of a job: takes tasks of a benchmark from the process that started it.
import { once } from 'node:events';
import { isExpected } from '../../errors.ts';
import { loadPlugin } from '../../plugins/load-plugins.ts';
import { Interrupted, listenForStop } from '../../run/process/stop.ts';
import { Progress } from '../../terminal/progress.ts';
import type { FromJob, ToJob } from './jobs.ts';

const say = (message: FromJob): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
const next = async (): Promise<ToJob> => (await once(process, 'message'))[0] as ToJob;

// Whoever started it is gone: what is not saved is made again by the next who asks for it.
process.once('disconnect', () => process.exit(1));
const stop = listenForStop(() => {});
try {
  const first = await next();
  if (first.kind !== 'start') throw new Error(`expected to be told what to work for; got ${first.kind}`);
  const { request } = first;
  for (const plugin of first.plugins) await loadPlugin(plugin, process.cwd(), 'benchmark');
  const target = { write: (text: string): unknown => say({ kind: 'note', text: text.trimEnd() }) };
  const progress = new Progress({ quiet: request.quietly, target, lineEvery: 60_000 });
  const { gridWorker } = await import('./grid-worker.ts');
  const work = await gridWorker(request, { progress, stop });
  for (;;) {
    const answer = next();
    await say({ kind: 'ready' });
    const message = await answer;
    if (message.kind !== 'task') break;
    await work(message.task);
  }
} catch (error) {
  if (error instanceof Interrupted) await say({ kind: 'stopped' });
  else {
    // A defect is worth its stack, what a person can mend is not.
    const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
    await say({ kind: 'failed', message: isExpected(error) ? message : stack });
  }
}
process.exit(0);
