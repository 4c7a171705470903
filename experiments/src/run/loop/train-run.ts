import type { Collective } from '@seqrec/core/collectives';
import { scoresAllItems, type TablePartition } from '@seqrec/models';
import type { Override } from '../../arguments.ts';
import { resolveRun } from '../../config/load-recipe.ts';
import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import { withTeachers } from '../../config/teachers.ts';
import { windowPolicy } from '../../config/windows.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { prepareRun } from '../../data/prepare-run.ts';
import { UsageError } from '../../errors.ts';
import { loadedPlugins } from '../../plugins/load-plugins.ts';
import { Progress } from '../../terminal/progress.ts';
import { shellWord } from '../../terminal/shell-word.ts';
import { programVersion } from '../folder/environment.ts';
import { checkRunsFolder, type RunDir } from '../folder/run-dir.ts';
import { startTrainingBackend } from '../open/native-products.ts';
import { openForResume } from '../open/resume.ts';
import { type BackendOptions, checkBackendOptions } from '../process/backend.ts';
import { listenForStop, type StopSignal, signalExitCode } from '../process/stop.ts';
import { say } from '../ranks/commands.ts';
import { discoverRanks, type RankOptions } from '../ranks/discover-ranks.ts';
import { joinRanks, threadsOfRank } from '../ranks/join-ranks.ts';
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
  readonly ranks: RankOptions;
  /** Seconds that ranks wait for each other. */
  readonly rankTimeout?: number;
  /** How the item table lies on the ranks; absent: whole on each. */
  readonly partition?: TablePartition;
  /** Whether what the optimiser keeps of the dense weights lies on several ranks. */
  readonly shardOptimizer?: boolean;
}

const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './rank-thread.ts' : './rank-thread.js', import.meta.url);

/** `seqrec train`, alone or as one of several ranks. Returns the exit code. */
export async function trainCommand(request: TrainRunRequest): Promise<number> {
  // What can be refused without reading the data is refused here.
  checkBackendOptions(request.backend);
  checkRunsFolder(request.out);
  const plan = discoverRanks(request.ranks, process.env);
  const { rankTimeout } = request;
  const plugins = loadedPlugins().map(({ path }) => path);
  const timeout = rankTimeout === undefined ? {} : { timeout: rankTimeout };
  if (plan.kind === 'alone' && request.partition !== undefined) throw needsRanks('--shard-tables');
  if (plan.kind === 'alone' && request.shardOptimizer) throw needsRanks('--shard-optimizer');
  const ranks = await joinRanks(plan, { ...timeout, program: PROGRAM, task: { request, plugins } });
  return ranks === undefined ? trainAlone(request) : trainAsRank(request, ranks);
}

function needsRanks(option: string): UsageError {
  return new UsageError(`${option}: expected it with several ranks, as in --ranks 2; got one process`);
}

/** As one of several ranks; whatever ends this one ends all of them. */
export async function trainAsRank(request: TrainRunRequest, ranks: Collective): Promise<number> {
  try {
    const threads = await threadsOfRank(ranks, programVersion());
    const own = { ...request, backend: { ...request.backend, threads: request.backend.threads ?? threads } };
    const code = await trainAlone({ ...own, quiet: request.quiet || ranks.rank > 0 }, ranks);
    if (ranks.rank === 0) await say(ranks, { does: 'end', code });
    await ranks.close();
    return code;
  } catch (error) {
    ranks.abort(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

async function trainAlone(request: TrainRunRequest, ranks?: Collective): Promise<number> {
  const progress = new Progress({ quiet: request.quiet });
  const { name, config: given, previous } = await prepareForRanks(request, ranks, progress);
  const config = withTeachers(given);
  if (!isRankingConfig(config)) windowPolicy(config);
  const material = await prepareRun(config, dataFolder(request.dataFolder), progress);
  const choice = await startTrainingBackend(request.backend, previous, ranks);
  progress.note(`backend ${choice.name}: ${choice.reason}`);
  if (ranks !== undefined)
    progress.note(
      `${ranks.size} ranks (${ranks.kind}), each with ${config.training.parts / ranks.size} of ${config.training.parts} parts of a batch`,
    );
  const stop = listen(progress, ranks);
  const table = new EpochTable(config, request.quiet);
  try {
    const { run, results, exitCode } = await executeAny(material, {
      name,
      choice,
      ...(previous && { previous }),
      out: request.out,
      progress,
      stop,
      checkpoints: request.checkpoints,
      resumeOptions: resumeOptions(request),
      onEpoch: (record, state) => table.print(record, state),
      ...(ranks && { ranks }),
      ...(request.partition && { partition: request.partition }),
      ...(request.shardOptimizer && { shardOptimizer: true }),
    });
    if (exitCode !== undefined) return exitCode;
    if (results === undefined) return signalExitCode(stop.signal ?? 'SIGINT');
    if (!request.quiet) table.printResults(results);
    console.log(`\nreport: ${run?.report}`);
    return 0;
  } finally {
    stop.dispose();
  }
}

/** Rank 0 stops when it is asked to and tells the others: what they get of a Ctrl-C is no reason to leave it. */
function listen(progress: Progress, ranks: Collective | undefined): StopSignal {
  if (ranks?.kind === 'workers' && ranks.rank > 0) return { signal: undefined, dispose: () => undefined };
  const heard = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  return (ranks?.rank ?? 0) === 0 ? heard : { signal: undefined, dispose: () => heard.dispose() };
}

/** What a command that goes on needs, besides the run. */
function resumeOptions({ dataFolder: folder, backend: { blas } }: TrainRunRequest): string {
  const given = Object.entries({ data: folder, blas: blas === 'off' ? undefined : blas });
  return given.map(([name, value]) => (value === undefined ? '' : ` --${name} ${shellWord(String(value))}`)).join('');
}

interface Prepared {
  readonly name: string;
  readonly config: RunConfig;
  /** The run that is resumed. */
  readonly previous?: RunDir;
}

/** A configuration without parts gets one for each rank: one process with as many gives the same weights. */
async function prepareForRanks(
  request: TrainRunRequest,
  ranks: Collective | undefined,
  progress: Progress,
): Promise<Prepared> {
  const prepared = await prepare(request);
  if (ranks === undefined || prepared.previous !== undefined) return prepared;
  const { training, optimizer } = prepared.config;
  const added: Override[] = [];
  if (training.parts === 1) {
    added.push({ key: 'training.parts', text: String(ranks.size) });
    progress.note(
      `note: training.parts ${ranks.size}, one for each rank; one process with as many ends with the same weights`,
    );
  }
  if (request.partition !== undefined && optimizer.embeddings === 'auto') {
    const { config } = prepared;
    const reads = !isRankingConfig(config) && scoresAllItems(config.objective);
    const text = reads ? 'dense' : 'rowwise';
    added.push({ key: 'optimizer.embeddings', text });
    progress.note(
      reads
        ? 'note: optimizer.embeddings dense, since the objective reads every row: the table is whole on each rank while a step lasts'
        : 'note: optimizer.embeddings rowwise, as tables that lie on several ranks are trained',
    );
  }
  return added.length === 0 ? prepared : prepare({ ...request, overrides: [...request.overrides, ...added] });
}

async function prepare(request: TrainRunRequest): Promise<Prepared> {
  if (request.resume !== undefined) return openForResume({ ...request, resume: request.resume });
  return resolveRun({ recipe: request.recipe, file: request.configFile, overrides: request.overrides });
}
