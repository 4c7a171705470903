import type { Override } from '../arguments.ts';
import { resolveConfig } from '../config/load-recipe.ts';
import type { RecipeConfig } from '../config/schema.ts';
import { writeReport } from '../report/report.ts';
import { writeJson } from '../runs/atomic.ts';
import { describeEnvironment } from '../runs/environment.ts';
import { createRunDir, type RunDir, removeTemporaries } from '../runs/run-dir.ts';
import { Progress } from '../terminal/progress.ts';
import { type BackendOptions, startBackend } from './backend.ts';
import { CheckpointClock } from './checkpoint-clock.ts';
import { summariseData } from './data-summary.ts';
import { dataFolder, prepareData } from './dataset.ts';
import { EpochTable } from './epoch-table.ts';
import { finishRun, interruptRun } from './finish-run.ts';
import { checkSameData, openForResume } from './resume.ts';
import { Interrupted, listenForStop, signalExitCode } from './stop.ts';
import { train } from './train.ts';

export interface TrainRunRequest {
  readonly recipe?: string;
  readonly configFile?: string;
  readonly overrides: readonly Override[];
  readonly dataFolder?: string;
  readonly out: string;
  readonly resume?: string;
  readonly backend: BackendOptions;
  readonly checkpoints: { readonly everySteps?: number; readonly everySeconds?: number };
  readonly quiet: boolean;
}

/** `seqrec train`: a run folder from beginning to report. Returns the exit code. */
export async function trainRun(request: TrainRunRequest): Promise<number> {
  const progress = new Progress({ quiet: request.quiet });
  const { name, config, previous } = await prepare(request);
  const choice = await startBackend(request.backend);
  progress.note(`backend ${choice.name}: ${choice.reason}`);
  const data = await prepareData(config.data, dataFolder(request.dataFolder), progress);
  const summary = summariseData(data.split);
  if (previous) {
    checkSameData(previous, summary.digest);
    removeTemporaries(previous);
  }
  const run = previous ?? createRunDir(request.out, name, config, new Date());
  // The configuration comes last: a folder that has it has the rest.
  writeJson(run.data, summary);
  writeJson(run.environment, describeEnvironment(choice));
  writeJson(run.config, { recipe: name, config });
  progress.note(`${previous ? 'resume' : 'run'} ${run.path}`);

  const stop = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  const table = new EpochTable(config, request.quiet);
  const evaluation = { data, options: config.evaluation, window: config.model.maxSequenceLength, progress, stop };
  try {
    const outcome = await train({
      run,
      config,
      evaluation,
      resume: previous !== undefined,
      checkpoints: new CheckpointClock(request.checkpoints),
      onEpoch: (record, state) => table.print(record, state),
    });
    if (outcome.interrupted) throw new Interrupted('stopped while training');
    const results = await finishRun(run, name, outcome, evaluation);
    if (!request.quiet) table.printResults(results);
    console.log(`\nreport: ${writeReport(run)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const command = resumeCommand(run, request);
    interruptRun(run, command);
    writeReport(run);
    console.error(`saved; resume with: ${command}`);
    return signalExitCode(stop.signal ?? 'SIGINT');
  } finally {
    stop.dispose();
  }
}

interface Prepared {
  readonly name: string;
  readonly config: RecipeConfig;
  /** The run that is resumed. */
  readonly previous?: RunDir;
}

async function prepare(request: TrainRunRequest): Promise<Prepared> {
  if (request.resume === undefined)
    return resolveConfig({ recipe: request.recipe, file: request.configFile, overrides: request.overrides });
  return openForResume({ ...request, resume: request.resume });
}

function resumeCommand(run: RunDir, request: TrainRunRequest): string {
  const data = request.dataFolder === undefined ? '' : ` --data ${request.dataFolder}`;
  return `seqrec train --resume ${run.path}${data}`;
}
