import { join, relative } from 'node:path';
import { isWorld } from '../../config/data-schema.ts';
import { recipeTitle } from '../../config/load-recipe.ts';
import type { RunConfig } from '../../config/run-config.ts';
import { withTeachers } from '../../config/teachers.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { isRankingMaterial, prepareRun, type RunMaterial, withConfig } from '../../data/prepare-run.ts';
import { saveResult } from '../../results/saved.ts';
import { writeFileAtomic, writeJson } from '../../run/folder/atomic.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { checkRunsFolder, openRunDir } from '../../run/folder/run-dir.ts';
import { checkMaterial } from '../../run/loop/execute-any.ts';
import { checkBackendOptions, startBackend } from '../../run/process/backend.ts';
import { listenForStop, signalExitCode } from '../../run/process/stop.ts';
import { limitRemarks } from '../../run/ranking/limits.ts';
import { Progress } from '../../terminal/progress.ts';
import { definitionTitle } from '../definitions.ts';
import { runsBefore } from './before.ts';
import { isOfData, judgedTable } from './changed.ts';
import { type RunCost, renderCosts, runCost } from './cost.ts';
import { derivedSeed } from './derived.ts';
import { includedRuns, withIncluded } from './included.ts';
import { loadTable } from './load-table.ts';
import { materialsOfRows } from './materials.ts';
import { epochsOf, planRows } from './plan-rows.ts';
import { rowReach } from './reach.ts';
import { renderLatex, renderMarkdown } from './render.ts';
import { writeReproductionReport } from './report.ts';
import type { ReproduceRequest } from './request.ts';
import type { Reproduction } from './sections.ts';
import { runSeed, type SeedRun } from './seeds.ts';
import { underSeed } from './split-by-seed.ts';
import { type TrainedAs, trainedAs } from './trained-as.ts';

/** `seqrec reproduce`: runs what is missing of a table, seed by seed, and writes it. Returns the exit code. */
export async function reproduce(request: ReproduceRequest): Promise<number> {
  const table = await loadTable(request.table);
  const name = definitionTitle(request.table);
  const out = request.out ?? join('runs', `reproduce-${name.replaceAll('/', '-')}`);
  checkBackendOptions(request.backend);
  checkRunsFolder(out);
  const planned = await planRows(table, request);
  const { rows, changed } = planned;
  const included = includedRuns(
    request.include ?? [],
    { name, table },
    { rows, seeds: request.seeds, remarks: planned.remarks },
  );
  const remarks = [...planned.remarks, ...included.remarks];
  const progress = new Progress({ quiet: request.quiet });
  const epochs = request.epochs === undefined ? [] : [epochsOf(request.epochs)];
  // Runs before the rows need a backend; without them what is wrong with the rows is said first.
  const early = table.before === undefined ? undefined : await startBackend(request.backend);
  const stop = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  const from = {
    ...(request.dataFolder !== undefined && { dataFolder: request.dataFolder }),
    out,
    epochs,
    changedData: changed.filter(isOfData),
    rows,
  };
  const configsOf = async (seed: number): Promise<RunConfig[] | undefined> => {
    const configs = rows.map(({ config }) => underSeed(table, config, seed));
    // Their runs keep the names of their teachers, as those of `seqrec train` do.
    if (early === undefined) return configs.map((config) => withTeachers(config));
    const before = await runsBefore(table, seed, { ...from, choice: early, progress, stop });
    return before && configs.map((config) => withTeachers(before(config)));
  };
  const materialsOf = (configs: readonly RunConfig[]): Promise<RunMaterial[]> =>
    materialsOfRows(configs, (config) => prepareRun(config, dataFolder(request.dataFolder), progress));
  const stopped = (): number => {
    console.error('the same command goes on from here');
    return signalExitCode(stop.signal ?? 'SIGINT');
  };
  try {
    const [firstSeed] = request.seeds;
    let configs = await configsOf(firstSeed);
    if (configs === undefined) return stopped();
    let materials = await materialsOf(configs);
    const { split } = materials[0].data;
    for (const material of materials) checkMaterial(material);
    const choice = early ?? (await startBackend(request.backend));
    const windowed = materials.some(
      (each) =>
        !isRankingMaterial(each) && each.config.windows !== undefined && each.config.windows.policy !== 'control',
    );
    const about = {
      name,
      table: judgedTable(table, request),
      // What the split of a generated stream says of it holds for every row: the most that can be reached.
      remarks: isWorld(rows[0].config.data) ? [...remarks, split.step.detail, ...limitRemarks(materials[0])] : remarks,
      command: request.command,
      ...(windowed && {
        reach: materials.flatMap((each, i) =>
          isRankingMaterial(each) ? [] : [rowReach(rows[i].row.name, each.config, each.data.split.train)],
        ),
      }),
    };
    const runs: SeedRun[] = [];
    const said = new Map(
      rows.map(({ row, config }) => [row.name, trainedAs(table, row, planned.remarks, config.training.epochs)]),
    );
    const add = (run: SeedRun): void => void runs.push({ ...run, trained: said.get(run.row) as TrainedAs });
    const costs: RunCost[] = [];
    // Seed by seed, so that a table that is stopped early has every row.
    for (const seed of request.seeds) {
      if (seed !== firstSeed) {
        configs = await configsOf(seed);
        if (configs === undefined) return stopped();
        if (table.splitBySeed || early !== undefined) materials = await materialsOf(configs);
      }
      for (const [i, { row }] of rows.entries()) {
        const material = withConfig(materials[i], configs[i]);
        if (row.measure !== undefined && !isRankingMaterial(material)) {
          add({ row: row.name, seed, run: '', metrics: row.measure(material) });
          continue;
        }
        if (row.from !== undefined && !isRankingMaterial(material)) {
          const context = { out, runs: [...runs, ...included.runs], seed, ...material, progress, stop };
          const derived = await derivedSeed({ ...row, from: row.from }, context);
          if (derived === undefined) return stopped();
          add(derived);
          continue;
        }
        const done = await runSeed({
          row: row.name,
          recipe: recipeTitle(row.recipe),
          ...material,
          out,
          choice,
          progress,
          stop,
          ...(table.coldItems && { coldItems: true }),
          ...(table.future && { future: table.future }),
        });
        if (done === undefined) return stopped();
        add(done);
        costs.push(runCost(row.name, openRunDir(out, done.run)));
        write(out, { ...about, ...withIncluded(runs, included.runs, table) }, costs);
      }
    }
    const reproduction = { ...about, ...withIncluded(runs, included.runs, table) };
    const files = write(out, reproduction, costs);
    console.log(renderMarkdown(reproduction));
    if (costs.length > 0) console.log(`${renderCosts(costs)}\n`);
    if (request.save !== undefined) console.error(`saved: ${saveResult(request.save, 'reproduce', reproduction)}`);
    console.log(`written: ${files.map((file) => relative(process.cwd(), join(out, file))).join(', ')}`);
    return 0;
  } finally {
    stop.dispose();
  }
}

/**
 * The table in three forms, the same bytes whenever it is made; apart from it what it took, and a page of
 * both. Returns the names.
 */
function write(out: string, reproduction: Reproduction, costs: readonly RunCost[]): string[] {
  makeFolder(out);
  writeFileAtomic(join(out, 'table.md'), renderMarkdown(reproduction));
  writeFileAtomic(join(out, 'table.tex'), renderLatex(reproduction));
  writeJson(join(out, 'table.json'), reproduction);
  if (costs.length > 0) writeFileAtomic(join(out, 'cost.md'), `${renderCosts(costs)}\n`);
  writeReproductionReport(out, reproduction, costs);
  return ['table.md', 'table.tex', 'table.json', ...(costs.length > 0 ? ['cost.md'] : []), 'report.html'];
}
