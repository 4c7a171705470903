import type { Command } from 'cac';
import { textOption } from './arguments.ts';
import { THREADS } from './backend-options.ts';
import { CHECKPOINT, checkpointOption } from './checkpoint-option.ts';
import type { TrainedRun } from './run/open/open-run.ts';
import type { BackendOptions } from './run/process/backend.ts';
import type { Progress } from './terminal/progress.ts';

/** Options of commands that ask the model of one run. */
export interface TrainedRunOptions extends BackendOptions {
  readonly checkpoint?: unknown;
  readonly data?: unknown;
  readonly out?: unknown;
}

/** Adds these options to a command. */
export const withRunOptions = (command: Command): Command =>
  command
    .option(...CHECKPOINT)
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS);

/**
 * Starts the backend, and opens the run with its data and its model.
 *
 * @throws UsageError for an option with another value, RunError where the run, the checkpoint or its data are not what
 *   they were.
 */
export async function openRunOfCommand(
  run: string,
  options: TrainedRunOptions,
  about: { readonly progress: Progress; readonly takesGeneration?: true },
): Promise<TrainedRun> {
  const checkpoint = checkpointOption(options.checkpoint);
  const out = textOption('out', options.out) ?? 'runs';
  const dataFolder = textOption('data', options.data);
  const { openTrainedRun } = await import('./run/open/open-run.ts');
  const { startBackend } = await import('./run/process/backend.ts');
  await startBackend(options);
  return openTrainedRun({ out, run, checkpoint, dataFolder, ...about });
}
