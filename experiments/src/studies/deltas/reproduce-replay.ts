import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { resolveConfig } from '../../config/load-recipe.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { prepareData } from '../../data/dataset.ts';
import { UsageError } from '../../errors.ts';
import { readJson, writeJson } from '../../run/folder/atomic.ts';
import { describeEnvironment } from '../../run/folder/environment.ts';
import { checkBackendOptions, startBackend } from '../../run/process/backend.ts';
import { Interrupted, listenForStop, signalExitCode } from '../../run/process/stop.ts';
import { suggestion } from '../../suggest.ts';
import { formatDuration } from '../../terminal/format.ts';
import { Progress } from '../../terminal/progress.ts';
import { loadReplay } from '../reproduce/load-table.ts';
import type { ReproduceRequest } from '../reproduce/request.ts';
import { checkReplayedKeys } from '../scale/read-keys.ts';
import { readPoints, savePoints } from '../staleness/points-file.ts';
import { showStudy } from '../study/show.ts';
import { StudyDir } from '../study/study.ts';
import { checkReplayed } from './check-replayed.ts';
import type { DeltaReplay, ReplayLine } from './replay.ts';
import { finishReplay } from './report.ts';
import { type ReplaySeed, runReplay } from './run-replay.ts';
import { slicesByTime } from './slices.ts';

/** `seqrec reproduce` of a replay: runs the seeds that are missing and writes tables, plots and page. */
export async function reproduceReplay(request: ReproduceRequest): Promise<number> {
  const replay = await loadReplay(request.table);
  if (request.size !== undefined)
    throw new UsageError(`--size: expected no size (this replay has one only); got "${request.size}"`);
  if (request.include !== undefined)
    throw new UsageError(`--include: expected a table of runs; ${request.table} is a replay, run as a whole`);
  const lines = chosenLines(replay, request);
  checkReplayedKeys(request.overrides);
  checkBackendOptions(request.backend);
  const progress = new Progress({ quiet: request.quiet });
  const epochs = { key: 'training.epochs', text: String(request.epochs ?? replay.epochs.base) };
  const overrides = [...(replay.changes ?? []), epochs, ...request.overrides];
  const { config } = await resolveConfig({ recipe: replay.recipe, overrides });
  checkReplayed(config);
  const { split } = await prepareData(config.data, dataFolder(request.dataFolder), progress);
  const slices = slicesByTime(split.interactions, replay);
  const dir = new StudyDir(request.out ?? join('runs', `reproduce-${request.table.replaceAll('/', '-')}`));
  const { lines: _, ...rest } = replay;
  const asked = { ...rest, lines, config: { ...config, seed: 0 } };
  const identity = { kind: 'replay', recipe: replay.recipe, request: asked, data: split.interactions.digest };
  dir.savedPlan(identity);
  const choice = await startBackend(request.backend);
  progress.note(`backend ${choice.name}: ${choice.reason}`);
  const lock = dir.open();
  const stop = listenForStop(() => progress.note('stopping after this epoch; Ctrl-C again stops at once'));
  const began = performance.now();
  try {
    if (!existsSync(dir.plan)) writeJson(dir.plan, { ...identity, arms: [], notes: [] });
    if (!existsSync(dir.file('environment.json'))) writeJson(dir.file('environment.json'), describeEnvironment(choice));
    const seeds: ReplaySeed[] = [];
    for (const seed of request.seeds) {
      const file = dir.file(`points/seed-${seed}`);
      if (!existsSync(`${file}.json`))
        await saveSeed(
          file,
          await runReplay(replay, lines, { config: { ...config, seed }, slices }, { dir, progress, stop }),
        );
      seeds.push(readSeed(file));
      progress.note(`seed ${seed} is replayed  ${formatDuration((performance.now() - began) / 1000)}`);
    }
    const listing = finishReplay(dir, {
      ...{ replay, lines, seeds, request: { ...asked, seeds: request.seeds }, evaluation: config.evaluation },
      remarks: remarksOf(replay, request),
      periodOf: Int32Array.from(
        slices.slices.flatMap(({ queries }, k) =>
          new Array<number>(queries.targets.length).fill(Math.floor(k / replay.slices)),
        ),
      ),
    });
    showStudy(dir, listing, request.save, 'reproduce replay');
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.error('seeds that are replayed are saved; the same command goes on from here');
    return signalExitCode(stop.signal ?? 'SIGINT');
  } finally {
    progress.clear();
    stop.dispose();
    lock.release();
  }
}

/** Those that `--rows` names, and the two that the others are measured between. */
function chosenLines({ lines, frozen, freshest }: DeltaReplay, { rows, table }: ReproduceRequest): ReplayLine[] {
  const names = lines.map(({ name }) => name);
  for (const name of rows ?? [])
    if (!names.includes(name))
      throw new UsageError(`--rows: expected rows of ${table}; got "${name}"`, suggestion(name, names));
  return lines.filter(({ name }) => name === frozen || name === freshest || (rows?.includes(name) ?? true));
}

function remarksOf({ epochs }: DeltaReplay, request: ReproduceRequest): string[] {
  const { overrides, seeds } = request;
  return [
    `Seeds ${seeds.join(', ')}.`,
    ...(request.epochs !== undefined && request.epochs !== epochs.base
      ? [`The base is trained for ${request.epochs} epochs instead of ${epochs.base}.`]
      : []),
    ...(overrides.length > 0 ? [`Changed: ${overrides.map(({ key, text }) => `${key} ${text}`).join(', ')}.`] : []),
  ];
}

async function saveSeed(file: string, { ranks, ...rest }: ReplaySeed): Promise<void> {
  await savePoints(`${file}.safetensors`, ranks);
  // Last: a seed is there when this is.
  writeJson(`${file}.json`, rest);
}

function readSeed(file: string): ReplaySeed {
  const rest = readJson(`${file}.json`) as Omit<ReplaySeed, 'ranks'>;
  return { ...rest, ranks: readPoints(`${file}.safetensors`) };
}
