import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { BackendChoice } from '@seqrec/core';
import type { Override } from '../../arguments.ts';
import { recipeTitle, resolveRun } from '../../config/load-recipe.ts';
import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import { withTeachers } from '../../config/teachers.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { prepareRun } from '../../data/prepare-run.ts';
import { RunError, UsageError } from '../../errors.ts';
import { openRunDir, type RunDir } from '../../run/folder/run-dir.ts';
import type { StopSignal } from '../../run/process/stop.ts';
import { openRankingRun } from '../../run/ranking/open-ranking.ts';
import { writeTeacherLabels } from '../../run/ranking/write-teacher-labels.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { PlannedRow } from './plan-rows.ts';
import { runSeed } from './seeds.ts';
import { underSeed } from './split-by-seed.ts';
import type { PaperTable, TableBefore } from './table.ts';

interface BeforeOptions {
  readonly out: string;
  readonly dataFolder?: string;
  /** As of the rows: fewer epochs than published. */
  readonly epochs: readonly Override[];
  /** Changes of `data.*` by the size and the command line, which the rows have. */
  readonly changedData: readonly Override[];
  readonly rows: readonly Pick<PlannedRow, 'published'>[];
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
    const own = [...(before.changes ?? []), ...options.epochs];
    const { config: published } = await resolveRun({ recipe: before.recipe, overrides: own });
    const overrides = [...own, ...sharedChanges(before.name, published, options)];
    const { config: resolved } = await resolveRun({ recipe: before.recipe, overrides });
    const config = withTeachers(underSeed(table, resolved, seed));
    const material = await prepareRun(config, dataFolder(options.dataFolder), options.progress);
    const done = await runSeed({ row: before.name, recipe: recipeTitle(before.recipe), ...material, ...options });
    if (done === undefined) return undefined;
    made.push({ before, path: await given(before, openRunDir(options.out, done.run), { config, seed, ...options }) });
  }
  return (config) => made.reduce((with_, { before, path }) => before.into(with_, path), config);
}

/**
 * The changes of data that a run gets with the rows: those of what both have alike. What the rows alone have, as labels
 * of that run, is theirs.
 *
 * @throws UsageError for a change of what the run has otherwise, such as an earlier cut: test rows might train it.
 */
function sharedChanges(
  name: string,
  before: RunConfig,
  { changedData, rows }: Pick<BeforeOptions, 'changedData' | 'rows'>,
): Override[] {
  return changedData.filter(({ key }) => {
    const section = key.split('.')[1];
    const of = ({ data }: RunConfig): unknown => (data as Readonly<Record<string, unknown>>)[section];
    if (rows.every(({ published }) => isDeepStrictEqual(of(published), of(before)))) return true;
    if (of(before) === undefined) return false;
    throw new UsageError(
      `${key}: expected data that "${name}", from which the rows start, has as the rows have it; it has ${section} ${JSON.stringify(of(before))} of its own`,
    );
  });
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
