import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendChoice } from '@seqrec/core';
import type { Override } from '../../arguments.ts';
import { recipeTitle, resolveRun } from '../../config/load-recipe.ts';
import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { prepareRun } from '../../data/prepare-run.ts';
import { RunError, UsageError } from '../../errors.ts';
import { openRunDir, type RunDir } from '../../run/folder/run-dir.ts';
import type { StopSignal } from '../../run/process/stop.ts';
import { openRankingRun } from '../../run/ranking/open-ranking.ts';
import { writeTeacherLabels } from '../../run/ranking/write-teacher-labels.ts';
import type { Progress } from '../../terminal/progress.ts';
import { runSeed } from './seeds.ts';
import { underSeed } from './split-by-seed.ts';
import type { PaperTable, TableBefore } from './table.ts';

interface BeforeOptions {
  readonly out: string;
  readonly dataFolder?: string;
  /** As of the rows: fewer epochs than published. */
  readonly epochs: readonly Override[];
  /** Changes of `data.*` by the size and the command line, which the rows have too. */
  readonly changedData: readonly Override[];
  readonly choice: BackendChoice;
  readonly progress: Progress;
  readonly stop: StopSignal;
}

/**
 * Makes the runs that the rows of a table start from, for one seed, where they are not there.
 *
 * @returns what puts them into the configuration of a row; nothing when a signal stopped one.
 */
export async function runsBefore(
  table: PaperTable,
  seed: number,
  options: BeforeOptions,
): Promise<((config: RunConfig) => RunConfig) | undefined> {
  const made: { readonly before: TableBefore; readonly path: string }[] = [];
  for (const before of table.before ?? []) {
    refuseClash(before, options.changedData);
    const overrides = [...(before.changes ?? []), ...options.epochs, ...options.changedData];
    const config = underSeed(table, (await resolveRun({ recipe: before.recipe, overrides })).config, seed);
    const material = await prepareRun(config, dataFolder(options.dataFolder), options.progress);
    const done = await runSeed({ row: before.name, recipe: recipeTitle(before.recipe), ...material, ...options });
    if (done === undefined) return undefined;
    made.push({ before, path: await given(before, openRunDir(options.out, done.run), { config, seed, ...options }) });
  }
  return (config) => made.reduce((with_, { before, path }) => before.into(with_, path), config);
}

/** @throws UsageError for a change of data that would undo what the run has of its own, such as an earlier cut. */
function refuseClash({ name, changes = [] }: TableBefore, data: readonly Override[]): void {
  const within = (key: string, other: string): boolean => key === other || key.startsWith(`${other}.`);
  for (const { key } of data) {
    const own = changes.find((change) => within(change.key, key) || within(key, change.key));
    if (own !== undefined)
      throw new UsageError(
        `--${key}: expected data that "${name}", from which the rows start, has too; it has ${own.key} ${own.text} of its own`,
      );
  }
}

async function given(
  { name, gives }: TableBefore,
  run: RunDir,
  {
    config,
    seed,
    out,
    progress,
    dataFolder: folder,
  }: BeforeOptions & { readonly config: RunConfig; readonly seed: number },
): Promise<string> {
  const checkpoint = existsSync(run.best) ? 'best' : 'last';
  if (gives === 'weights') return run[checkpoint];
  const store = storeOf(join(out, 'labels', `${name}-${seed}`), run.id);
  if (existsSync(join(store, `teacher=${run.id}`))) return store;
  if (!isRankingConfig(config))
    throw new RunError(
      `table: before: expected a run of the task ranking, which gives labels; got ${config.task.kind}`,
    );
  const opened = await openRankingRun(run, config, checkpoint, {
    ...(folder !== undefined && { dataFolder: folder }),
    progress,
  });
  try {
    await writeTeacherLabels(opened, { store, teacher: run.id, part: 'train', progress });
  } finally {
    opened.model.dispose();
  }
  return store;
}

/** A store has one teacher: one that was trained otherwise before, for fewer epochs or so, keeps its own. */
function storeOf(store: string, teacher: string): string {
  const others = existsSync(store) ? readdirSync(store).filter((name) => name.startsWith('teacher=')) : [];
  return others.some((name) => name !== `teacher=${teacher}`) ? `${store}-${teacher}` : store;
}
