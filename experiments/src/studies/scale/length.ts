import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJson } from '../../run/folder/atomic.ts';
import { describeEnvironment } from '../../run/folder/environment.ts';
import { type BackendOptions, checkBackendOptions, startBackend } from '../../run/process/backend.ts';
import { listenForStop, signalExitCode } from '../../run/process/stop.ts';
import { Progress } from '../../terminal/progress.ts';
import { showStudy } from '../study/show.ts';
import { fileNameOf, StudyDir } from '../study/study.ts';
import { type LengthPoint, type LengthSettings, lengthVariants, measureLength } from './length-point.ts';
import { finishLength } from './length-report.ts';

export interface LengthOptions extends LengthSettings {
  readonly encoders: readonly string[];
  readonly lengths: readonly number[];
  readonly out?: string;
  /** Folder of results to keep it in. */
  readonly save?: string;
  readonly backend: BackendOptions;
  readonly quiet: boolean;
}

/** `seqrec scale length`: time and memory of a training step against the length of the longest sequence. */
export async function scaleLength(options: LengthOptions): Promise<number> {
  checkBackendOptions(options.backend);
  const progress = new Progress({ quiet: options.quiet });
  const { encoders, lengths, out, save, backend: _, quiet: __, ...settings } = options;
  const request = { encoders, lengths, ...settings };
  const dir = new StudyDir(out ?? join('runs', 'scale-length'));
  const identity = { kind: 'length', recipe: 'synthetic lengths', request, data: '' };
  dir.savedPlan(identity);
  const choice = await startBackend(options.backend);
  const lock = dir.open();
  const stop = listenForStop(() => progress.note('stopping after this point; Ctrl-C again stops at once'));
  try {
    if (!existsSync(dir.plan)) writeJson(dir.plan, { ...identity, arms: [], notes: [] });
    if (!existsSync(dir.file('environment.json'))) writeJson(dir.file('environment.json'), describeEnvironment(choice));
    const todo = lengths.flatMap((length) =>
      encoders.flatMap((encoder) => Object.keys(lengthVariants).map((variant) => ({ length, encoder, variant }))),
    );
    const points: LengthPoint[] = [];
    progress.start();
    for (const [i, { length, encoder, variant }] of todo.entries()) {
      if (stop.signal !== undefined) {
        console.error('the same command goes on from here');
        return signalExitCode(stop.signal);
      }
      const file = dir.file(`points/${fileNameOf(encoder)}-${variant}-n${length}.json`);
      if (!existsSync(file)) writeJson(file, await measureLength(encoder, variant, length, settings));
      points.push(readJson(file) as LengthPoint);
      progress.update({ label: `${encoder} ${variant} n${length}  points`, done: i + 1, total: todo.length });
    }
    progress.clear();
    showStudy(dir, finishLength(dir, { request, notes: [`backend ${choice.name}`] }, points), save);
    return 0;
  } finally {
    stop.dispose();
    lock.release();
  }
}
