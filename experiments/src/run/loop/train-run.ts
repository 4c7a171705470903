import type { Override } from '../../arguments.ts';
import { resolveRun } from '../../config/load-recipe.ts';
import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import { windowPolicy } from '../../config/windows.ts';
import { dataFolder } from '../../data/dataset.ts';
import { prepareRun } from '../../data/prepare-run.ts';
import { Progress } from '../../terminal/progress.ts';
import { shellWord } from '../../terminal/shell-word.ts';
import { checkRunsFolder, type RunDir } from '../folder/run-dir.ts';
import { openForResume } from '../open/resume.ts';
import { type BackendOptions, checkBackendOptions, startBackend } from '../process/backend.ts';
import { listenForStop, signalExitCode } from '../process/stop.ts';
import { EpochTable } from './epoch-table.ts';
import { executeAny } from './execute-any.ts';
import type { ExecuteOptions } from './run-folder.ts';

export interface TrainRunRequest {
  readonly recipe?: string;
  readonly configFile?: string;
  readonly overrides: readonly Override[];
  readonly dataFolder?: string;
  readonly out: string;
  readonly resume?: string;
  readonly backend: BackendOptions;
  readonly checkpoints: ExecuteOptions['checkpoints'];
  readonly quiet: boolean;
}

/** `seqrec train`. Returns the exit code. */
export async function trainCommand(request: TrainRunRequest): Promise<number> {
  const progress = new Progress({ quiet: request.quiet });
  // What can be refused without reading the data is refused here.
  checkBackendOptions(request.backend);
  checkRunsFolder(request.out);
  const { name, config, previous } = await prepare(request);
  if (!isRankingConfig(config)) windowPolicy(config);
  const material = await prepareRun(config, dataFolder(request.dataFolder), progress);
  const choice = await startBackend(request.backend);
  progress.note(`backend ${choice.name}: ${choice.reason}`);
  const stop = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  const table = new EpochTable(config, request.quiet);
  try {
    const { run, results } = await executeAny(material, {
      name,
      choice,
      ...(previous && { previous }),
      out: request.out,
      progress,
      stop,
      checkpoints: request.checkpoints,
      resumeOptions: request.dataFolder === undefined ? '' : ` --data ${shellWord(request.dataFolder)}`,
      onEpoch: (record, state) => table.print(record, state),
    });
    if (results === undefined) return signalExitCode(stop.signal ?? 'SIGINT');
    if (!request.quiet) table.printResults(results);
    console.log(`\nreport: ${run.report}`);
    return 0;
  } finally {
    stop.dispose();
  }
}

interface Prepared {
  readonly name: string;
  readonly config: RunConfig;
  /** The run that is resumed. */
  readonly previous?: RunDir;
}

async function prepare(request: TrainRunRequest): Promise<Prepared> {
  if (request.resume !== undefined) return openForResume({ ...request, resume: request.resume });
  return resolveRun({ recipe: request.recipe, file: request.configFile, overrides: request.overrides });
}
