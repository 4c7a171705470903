import { join, relative } from 'node:path';
import type { Override } from '../../arguments.ts';
import { isWorld } from '../../config/data-schema.ts';
import { recipeTitle, resolveRun } from '../../config/load-recipe.ts';
import type { RunConfig } from '../../config/run-config.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { isRankingMaterial, prepareRun, type RunMaterial, withConfig } from '../../data/prepare-run.ts';
import { UsageError } from '../../errors.ts';
import { saveResult } from '../../results/saved.ts';
import { rankingRules } from '../../run/evaluation/protocol.ts';
import { writeFileAtomic, writeJson } from '../../run/folder/atomic.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { checkRunsFolder, openRunDir } from '../../run/folder/run-dir.ts';
import { checkMaterial } from '../../run/loop/execute-any.ts';
import { firstDifference } from '../../run/open/resume.ts';
import { type BackendOptions, checkBackendOptions, startBackend } from '../../run/process/backend.ts';
import { listenForStop, signalExitCode } from '../../run/process/stop.ts';
import { limitRemarks } from '../../run/ranking/limits.ts';
import { suggestion } from '../../suggest.ts';
import { Progress } from '../../terminal/progress.ts';
import { definitionTitle } from '../definitions.ts';
import { runsBefore } from './before.ts';
import { changedRemarks, isOtherExperiment } from './changed.ts';
import { type RunCost, renderCosts, runCost } from './cost.ts';
import { derivedSeed } from './derived.ts';
import { includedRuns } from './included.ts';
import { loadTable } from './load-table.ts';
import { materialsOfRows } from './materials.ts';
import { rowReach } from './reach.ts';
import { renderLatex, renderMarkdown } from './render.ts';
import { writeReproductionReport } from './report.ts';
import type { Reproduction } from './sections.ts';
import { runSeed, type SeedRun } from './seeds.ts';
import { underSeed } from './split-by-seed.ts';
import type { PaperTable, TableRow } from './table.ts';

export interface ReproduceRequest {
  readonly table: string;
  readonly seeds: readonly number[];
  readonly epochs?: number;
  readonly size?: string;
  /** Rows to run; default: all. */
  readonly rows?: readonly string[];
  /** Files of saved results of the same table, whose other rows are not run again. */
  readonly include?: readonly string[];
  readonly overrides: readonly Override[];
  readonly dataFolder?: string;
  readonly out?: string;
  /** Folder of results to keep the table in. */
  readonly save?: string;
  readonly backend: BackendOptions;
  readonly quiet: boolean;
  /** As typed, to print with the table. */
  readonly command: string;
}

interface PlannedRow {
  readonly row: TableRow;
  readonly config: RunConfig;
}

/** `seqrec reproduce`: runs what is missing of a table, seed by seed, and writes it. Returns the exit code. */
export async function reproduce(request: ReproduceRequest): Promise<number> {
  const table = await loadTable(request.table);
  const name = definitionTitle(request.table);
  const out = request.out ?? join('runs', `reproduce-${name.replaceAll('/', '-')}`);
  checkBackendOptions(request.backend);
  checkRunsFolder(out);
  const planned = await plan(table, request);
  const { rows } = planned;
  const included = includedRuns(
    request.include ?? [],
    { name, table },
    rows.map(({ row }) => row.name),
  );
  const remarks = [...planned.remarks, ...included.remarks];
  const progress = new Progress({ quiet: request.quiet });
  const epochs = request.epochs === undefined ? [] : [epochsOf(request.epochs)];
  // Runs before the rows need a backend; without them what is wrong with the rows is said first.
  const early = table.before === undefined ? undefined : await startBackend(request.backend);
  const stop = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  const from = { ...(request.dataFolder !== undefined && { dataFolder: request.dataFolder }), out, epochs };
  const configsOf = async (seed: number): Promise<RunConfig[] | undefined> => {
    const configs = rows.map(({ config }) => underSeed(table, config, seed));
    if (early === undefined) return configs;
    const before = await runsBefore(table, seed, { ...from, choice: early, progress, stop });
    return before && configs.map(before);
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
      table: isOtherExperiment(request.overrides) ? { ...table, tolerance: undefined } : table,
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
          runs.push({ row: row.name, seed, run: '', metrics: row.measure(material) });
          continue;
        }
        if (row.from !== undefined && !isRankingMaterial(material)) {
          const context = { out, runs: [...runs, ...included.runs], seed, ...material, progress, stop };
          const derived = await derivedSeed({ ...row, from: row.from }, context);
          if (derived === undefined) return stopped();
          runs.push(derived);
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
        runs.push(done);
        costs.push(runCost(row.name, openRunDir(out, done.run)));
        write(out, { ...about, runs: [...runs, ...included.runs], seeds: seedsOf(runs) }, costs);
      }
    }
    const reproduction = { ...about, runs: [...runs, ...included.runs], seeds: request.seeds };
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

const epochsOf = (epochs: number): Override => ({ key: 'training.epochs', text: String(epochs) });

async function plan(
  table: PaperTable,
  request: ReproduceRequest,
): Promise<{ readonly rows: readonly PlannedRow[]; readonly remarks: readonly string[] }> {
  const size = sizeOf(table, request.size);
  const names = table.rows.map((row) => row.name);
  for (const name of request.rows ?? [])
    if (!names.includes(name))
      throw new UsageError(`--rows: expected rows of ${request.table}; got "${name}"`, suggestion(name, names));
  const chosen = table.rows.filter((row) => request.rows?.includes(row.name) ?? true);
  for (const { name, from } of chosen)
    if (from !== undefined && chosen.every((row) => row.name !== from.row))
      throw new UsageError(`--rows: expected "${from.row}" beside "${name}", which is of its run; got it alone`);
  if (request.epochs !== undefined && chosen.every((row) => row.measure !== undefined))
    throw new UsageError(`--epochs: expected a table that trains; nothing is trained for ${request.table}`);
  const rows: PlannedRow[] = [];
  const trained: { epochs: number; published: number }[] = [];
  for (const row of chosen) {
    const { config: own } = await resolveRun({ recipe: row.recipe, overrides: row.changes ?? [] });
    const epochs = request.epochs === undefined ? [] : [epochsOf(request.epochs)];
    const overrides = [...(row.changes ?? []), ...size.overrides, ...epochs, ...request.overrides];
    const { config } = await resolveRun({ recipe: row.recipe, overrides });
    trained.push({ epochs: config.training.epochs, published: own.training.epochs });
    rows.push({ row, config });
  }
  if (table.ownSplits !== true) checkOneData(rows);
  checkVectors(table, rows);
  const remarks = [
    ...(size.name === undefined ? [] : [`Size: ${size.name}.`]),
    ...fewerEpochs(trained),
    ...otherRules(rows),
    ...changedRemarks(request.overrides),
  ];
  return { rows, remarks };
}

/** What to say of rows that are trained for fewer epochs than those that the table or its recipe has for them. */
export function fewerEpochs(rows: readonly { readonly epochs: number; readonly published: number }[]): string[] {
  const fewer = rows.filter(({ epochs, published }) => epochs < published);
  const said = new Set(fewer.map(({ epochs, published }) => `${epochs} of ${published}`));
  return said.size === 0 ? [] : [`${[...said].join(', ')} epochs: not the published experiment.`];
}

/** What to say of rows whose evaluations rank by different rules: they are not compared by the model alone. */
function otherRules(rows: readonly PlannedRow[]): string[] {
  const rules = ({ config }: PlannedRow) => Object.fromEntries(rankingRules(config.evaluation as never));
  const [first] = rows;
  return rows.flatMap((row) => {
    const difference = firstDifference(rules(first), rules(row), 'evaluation');
    if (difference === undefined) return [];
    const { key, before, after } = difference;
    return [
      `Judged by other rules: ${first.row.name} by ${key} ${JSON.stringify(before)}, ${row.row.name} by ${JSON.stringify(after)}.`,
    ];
  });
}

function sizeOf(
  { sizes = {}, defaultSize }: PaperTable,
  name: string | undefined,
): { readonly name?: string; readonly overrides: readonly Override[] } {
  const chosen = name ?? defaultSize;
  if (chosen === undefined) return { overrides: [] };
  if (!Object.hasOwn(sizes, chosen)) {
    const known = Object.keys(sizes);
    const expected = known.length === 0 ? 'no size (this table has one only)' : `one of ${known.join(', ')}`;
    throw new UsageError(`--size: expected ${expected}; got "${chosen}"`);
  }
  return { name: chosen, overrides: sizes[chosen] };
}

/** Figures of cold items and of the future read vectors of histories and items. */
function checkVectors(table: PaperTable, rows: readonly PlannedRow[]): void {
  const key = table.coldItems ? 'coldItems' : table.future ? 'future' : undefined;
  const row = rows.find(({ config }) => config.task.kind === 'generation');
  if (key === undefined || row === undefined) return;
  throw new UsageError(
    `table: ${key}: expected rows of retrieval, whose models have vectors; got "${row.row.name}" of generation`,
  );
}

/** Rows are compared, and the data are prepared once. */
function checkOneData(rows: readonly PlannedRow[]): void {
  const [first] = rows;
  const other = rows.find(({ config }) => JSON.stringify(config.data) !== JSON.stringify(first.config.data));
  if (other === undefined) return;
  throw new UsageError(`table: expected rows on the same data; "${first.row.name}" and "${other.row.name}" differ`);
}

function seedsOf(runs: readonly SeedRun[]): number[] {
  return [...new Set(runs.map((run) => run.seed))];
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
