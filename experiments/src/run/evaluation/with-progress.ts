import type { Progress } from '../../terminal/progress.ts';
import { Interrupted, type StopSignal } from '../process/stop.ts';

type OnProgress = (state: { readonly done: number; readonly total: number }) => void;

/** Runs a phase with its own progress line; a stop signal leaves it with `Interrupted`. */
export async function withProgress<R>(
  label: string,
  { progress, stop }: { readonly progress: Progress; readonly stop?: StopSignal },
  run: (onProgress: OnProgress) => Promise<R>,
): Promise<R> {
  const phase = progress.phase();
  try {
    return await run(({ done, total }) => {
      if (stop?.signal !== undefined) throw new Interrupted('stopped while evaluating');
      phase.update({ label, done, total });
    });
  } finally {
    phase.clear();
  }
}
