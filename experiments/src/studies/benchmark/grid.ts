import { join } from 'node:path';
import type { BackendChoice } from '@seqrec/core';
import { eventsOfItems } from '@seqrec/data';
import type { RecipeConfig } from '../../config/schema.ts';
import { readCodedItems, withDecoding } from '../../data/coded-items.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { beamRemark } from '../../run/evaluation/beam-remark.ts';
import type { EvaluationContext } from '../../run/evaluation/evaluate-set.ts';
import { readJson, writeFileAtomic, writeJson } from '../../run/folder/atomic.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { readRanks } from '../../run/folder/ranks.ts';
import type { RunResults } from '../../run/folder/results.ts';
import { openRunDir } from '../../run/folder/run-dir.ts';
import type { StopSignal } from '../../run/process/stop.ts';
import type { Progress } from '../../terminal/progress.ts';
import { definitionTitle } from '../definitions.ts';
import { changedRemarks, isOtherExperiment } from '../reproduce/changed.ts';
import { type RunCost, runCost } from '../reproduce/cost.ts';
import type { Benchmark } from './benchmark.ts';
import { type Cell, cellName, rowName } from './cell.ts';
import { cellDefinition } from './cell-definition.ts';
import { Comparer } from './comparisons.ts';
import { folderName } from './folder-name.ts';
import { gridBaselines } from './grid-baselines.ts';
import { type EarlierGrid, type PlannedRow, withIncluded } from './included.ts';
import { orderNotes } from './order-note.ts';
import { writeBenchmarkReport } from './report.ts';
import { type BenchmarkRequest, tuningOf } from './request.ts';
import type { BenchmarkResult, GridRow, TunedCell } from './result.ts';
import { type CellContext, preparedOnce } from './run-cell.ts';
import { renderBenchmark } from './sections.ts';
import { metricBySegment, segmentCounts, segmentsOf } from './segments.ts';
import { OWN_TEST, ranksFile, type TestSets, testRun, testSets, withNewMetrics } from './test-sets.ts';
import { trainingFlops } from './training-flops.ts';
import { type TuneOptions, tuneCell } from './tune-cell.ts';

/** Data and tests of the cells of a table. */
interface Prepared {
  readonly data: PreparedData;
  readonly sets: TestSets;
  /** Training events of each item, item 1 first. */
  readonly counts: Int32Array;
  /** Of each query of the test. */
  readonly segments: readonly Int32Array[];
}

interface GridPlace {
  readonly benchmark: Benchmark;
  readonly out: string;
  readonly progress: Progress;
  readonly stop: StopSignal;
  readonly earlier: readonly EarlierGrid[];
  readonly planned: readonly PlannedRow[];
}

/** What is known of the cells of a benchmark so far, and its tables. */
export class Grid {
  readonly #request: BenchmarkRequest;
  readonly #benchmark: Benchmark;
  readonly #out: string;
  readonly #progress: Progress;
  readonly #stop: StopSignal;
  readonly #earlier: readonly EarlierGrid[];
  readonly #planned: readonly PlannedRow[];
  readonly #data: CellContext['data'];
  readonly #prepared = new Map<string, Prepared>();
  /** Of each data set and protocol that of its cells as they are, without what retraining adds. */
  readonly #ofGroups = new Map<string, Prepared>();
  readonly #counts: BenchmarkResult['counts'][number][] = [];
  readonly #rows: GridRow[] = [];
  readonly #costs: RunCost[] = [];
  readonly #tuned: TunedCell[] = [];
  readonly #notes = new Set<string>();
  readonly #comparer = new Comparer();

  constructor(request: BenchmarkRequest, { benchmark, out, progress, stop, earlier, planned }: GridPlace) {
    this.#request = request;
    this.#benchmark = benchmark;
    this.#out = out;
    this.#progress = progress;
    this.#stop = stop;
    this.#earlier = earlier;
    this.#planned = planned;
    this.#data = preparedOnce(request.dataFolder, progress);
  }

  /** Cells that share their data may differ in protocol: its tests are its own. */
  async prepared(cell: Cell): Promise<Prepared> {
    const { config, data: name, protocol } = cell;
    const key = JSON.stringify([name, protocol, config.data]);
    const known = this.#prepared.get(key);
    if (known !== undefined) return known;
    const data = await this.#data(cell);
    const sets = testSets(config, data, this.#benchmark.protocols[protocol].tests);
    const counts = eventsOfItems(data.split);
    const segments = segmentsOf(data.split.test, counts);
    const made = { data, sets, counts, segments };
    this.#prepared.set(key, made);
    const { interactions, train, validation, step } = data.split;
    const group = `${name}, ${protocol}`;
    if (this.#ofGroups.has(group)) return made;
    this.#ofGroups.set(group, made);
    for (const note of orderNotes(group, interactions)) this.#notes.add(note);
    this.#counts.push({
      data: name,
      protocol,
      users: interactions.numUsers,
      items: interactions.numItems,
      events: interactions.numEvents,
      train: train.targets.length,
      validation: validation?.targets.length ?? 0,
      tests: Object.fromEntries(Array.from(sets, ([test, set]) => [test, set.targets.length])),
      segments: segmentCounts(segments),
      steps: [...interactions.steps.map(({ detail }) => detail), step.detail],
    });
    return made;
  }

  #context({ data }: Prepared, config: RecipeConfig): EvaluationContext {
    const window = config.model.maxSequenceLength;
    const { tune, overrides } = this.#request;
    // Where models are tuned, baselines are too.
    const tuneToo = tune !== undefined && !overrides.some(({ key }) => key === 'evaluation.tuneBaselines');
    const options = { ...config.evaluation, ...(tuneToo && { tuneBaselines: true }) };
    return { data, options, window, progress: this.#progress, stop: this.#stop };
  }

  /** The cells with the settings that won on the validation set. Every cell has the same budget. */
  async tune(cells: readonly Cell[], options: TuneOptions, choice: BackendChoice): Promise<Cell[]> {
    const tuned: Cell[] = [];
    for (const [i, cell] of cells.entries()) {
      this.#progress.note(`tuning ${i + 1} of ${cells.length}: ${cellName(cell)}`);
      const { data } = await this.prepared(cell);
      const context = { data, choice, progress: this.#progress, stop: this.#stop };
      const tuning = tuningOf(this.#request, options, this.#benchmark, cell);
      const { settings, config } = await tuneCell(cell, { ...tuning, ...context });
      this.#tuned.push(settings);
      tuned.push({ ...cell, config });
    }
    return tuned;
  }

  /** Baselines of the data and protocol of a cell, once. */
  async baselines(cell: Cell): Promise<void> {
    const { data, protocol } = cell;
    const group = `${data}, ${protocol}`;
    if (this.#rows.some((row) => row.isBaseline && row.data === data && row.protocol === protocol)) return;
    const prepared = await this.prepared(cell);
    const folder = join(this.#out, 'baselines', folderName(group));
    const { baselines: all } = this.#benchmark;
    // EASE inverts a matrix of items by items: minutes for a large catalogue.
    const names = this.#request.quick ? all.filter((name) => name !== 'ease') : all;
    const { rows, skipped } = await gridBaselines(folder, names, prepared.sets, this.#context(prepared, cell.config));
    for (const { name, test, metrics, ranks, lists, tuned } of rows) {
      if (tuned !== undefined) this.#notes.add(`${name} on ${group}: ${tuned}.`);
      this.#rows.push({
        ...{ data, protocol, test, row: name, isBaseline: true, metrics, ranks },
        ...(lists && { lists }),
        ...(test === OWN_TEST && { segments: this.#segments(prepared, ranks) }),
      });
    }
    for (const { name, reason } of skipped) this.#notes.add(`${name} on ${group}: ${reason}.`);
  }

  async add(
    cell: Cell,
    seed: number,
    done: { readonly run: string; readonly metrics: Readonly<Record<string, number>> },
  ): Promise<void> {
    const { data, protocol, model, loss } = cell;
    const run = openRunDir(this.#out, done.run);
    const prepared = await this.prepared(cell);
    // A run of generation has codes of its own.
    const generation = await readCodedItems(cell.config, prepared.data.split.train, run.ids);
    const coded = withDecoding({ ...prepared.data, ...(generation && { generation }) }, cell.config);
    const context = this.#context({ ...prepared, data: coded }, cell.config);
    // What is rare or cold is so for all rows of a table alike.
    const ofGroup = this.#ofGroups.get(`${data}, ${protocol}`) ?? prepared;
    const { further, lists } = await testRun(run, prepared.sets, context, ofGroup.counts);
    const cost = runCost(`${data}, ${protocol}, ${rowName(cell)}`, run);
    this.#costs.push(cost);
    const flopsOf = await trainingFlops(cell.config, prepared.data.split.train, generation);
    const { parameters } = readJson(run.results) as RunResults;
    // What is retrained has the settings that were found for its cell.
    const searched = rowName({ ...cell, retrained: false });
    const tuned = this.#tuned.find((each) => each.data === data && each.protocol === protocol && each.row === searched);
    const about = {
      ...{ data, protocol, row: rowName(cell), model, ...(loss !== undefined && { loss }), seed, run: run.id },
      ...{ isBaseline: false, definition: cellDefinition(cell) },
      ...(cell.retrained && { retrained: true }),
      ...(parameters && { parameters: parameters.total }),
      epochs: cost.epochs,
      ...(tuned && { tuning: tuned.tuning }),
      seconds: cost.trainingSeconds,
      ...(flopsOf && { flops: flopsOf(cost.epochs) }),
    };
    const ranks = ranksFile(run, OWN_TEST);
    const segments = this.#segments(ofGroup, ranks);
    const metrics = withNewMetrics(done.metrics, ranks, cell.config.evaluation.ks);
    const remark = beamRemark(cell.config, this.#benchmark.metrics);
    if (remark !== undefined) this.#notes.add(`${rowName(cell)} on ${data}, ${protocol}: ${remark}.`);
    this.#rows.push({ ...about, test: OWN_TEST, metrics, segments, lists, ranks });
    for (const [test, metrics] of further) this.#rows.push({ ...about, test, metrics, ranks: ranksFile(run, test) });
  }

  #segments({ segments }: Prepared, ranks: string): Readonly<Record<string, number>> {
    return metricBySegment(readRanks(ranks), segments, this.#benchmark.metrics[0]);
  }

  result(): BenchmarkResult {
    const { benchmark, command, quick = false, overrides } = this.#request;
    const { title, source, notes, metrics, published = [], tolerance } = this.#benchmark;
    const own: BenchmarkResult = {
      ...{
        name: definitionTitle(benchmark),
        title,
        source,
        command,
        notes: [...notes, ...this.#notes],
        metrics,
        published,
      },
      ...(tolerance !== undefined && !quick && !isOtherExperiment(overrides) && { tolerance }),
      remarks: [
        ...(quick
          ? ['--quick: less training than the experiment has and no EASE; figures are not those of the tables.']
          : []),
        ...changedRemarks(overrides),
      ],
      counts: this.#counts,
      rows: this.#rows,
      comparisons: this.#comparer.tables(this.#rows, metrics[0]),
      ...(this.#tuned.length > 0 && { tuned: this.#tuned }),
      costs: this.#costs,
    };
    return withIncluded(own, this.#earlier, { benchmark: this.#benchmark, planned: this.#planned });
  }

  /** The tables in three forms; the same bytes whenever they are made. Returns the names. */
  write(): string[] {
    const result = this.result();
    makeFolder(this.#out);
    writeFileAtomic(join(this.#out, 'benchmark.md'), `${renderBenchmark(result)}\n`);
    writeJson(join(this.#out, 'benchmark.json'), result);
    writeBenchmarkReport(this.#out, result);
    return ['benchmark.md', 'benchmark.json', 'report.html'];
  }
}
