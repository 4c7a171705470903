import { join, relative } from 'node:path';
import type { Override } from '../../arguments.ts';
import { recipeSpace, resolveSequences } from '../../config/load-recipe.ts';
import { type Dimension, parseSpace, readSpace } from '../../config/search-space.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { prepareData } from '../../data/dataset.ts';
import { UsageError } from '../../errors.ts';
import { writeFileAtomic, writeJson } from '../../run/folder/atomic.ts';
import { checkRunsFolder } from '../../run/folder/run-dir.ts';
import { type BackendOptions, checkBackendOptions, startBackend } from '../../run/process/backend.ts';
import { Interrupted, listenForStop, signalExitCode } from '../../run/process/stop.ts';
import { markdownTable } from '../../terminal/markdown.ts';
import { Progress } from '../../terminal/progress.ts';
import { shellWord } from '../../terminal/shell-word.ts';
import { withValidation } from '../scale/base.ts';
import type { Budget } from './budget.ts';
import { freeDimensions } from './free-dimensions.ts';
import { writeSearch } from './outputs.ts';
import { retrain, retrainSection } from './retrain.ts';
import { search } from './search.ts';
import { renderSearch } from './sections.ts';

export interface SearchCommand {
  readonly recipe?: string;
  readonly configFile?: string;
  readonly overrides: readonly Override[];
  /** A YAML file; default: the space of the recipe. */
  readonly space?: string;
  readonly trials: number;
  readonly eta: number;
  readonly seed: number;
  readonly budget?: Budget;
  /** Seeds to train and test the winner with. */
  readonly retrain: readonly number[];
  readonly dataFolder?: string;
  readonly out?: string;
  readonly backend: BackendOptions;
  readonly quiet: boolean;
  /** As typed, to print with the tables. */
  readonly command: string;
}

/** `seqrec search`: searches, writes what came out, and trains the winner over seeds. Returns the exit code. */
export async function searchCommand(request: SearchCommand): Promise<number> {
  const { recipe, configFile: file, overrides, trials, eta, seed, budget } = request;
  checkBackendOptions(request.backend);
  const fixed = [...overrides, { key: 'seed', text: String(seed) }];
  const { name, config: resolved } = await resolveSequences({ recipe, file, overrides: fixed });
  const config = withValidation(resolved);
  const space = freeDimensions(await writtenSpace(request), overrides);
  const out = request.out ?? join('runs', `search-${name.replaceAll(/[^\w.-]+/g, '-')}`);
  checkRunsFolder(out);
  const progress = new Progress({ quiet: request.quiet });
  if (config !== resolved)
    progress.note('note: data.split leave-last-out, in place of train-test, which has no validation set to choose by');
  const data = await prepareData(config.data, dataFolder(request.dataFolder), progress);
  const choice = await startBackend(request.backend);
  const stop = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  const context = { name, data, choice, progress, stop };
  try {
    const searched = await search({
      ...{ ...context, out, config, space, trials, eta, seed, ...(budget && { budget }) },
      resolve: async (settings) =>
        withValidation((await resolveSequences({ recipe, file, overrides: [...fixed, ...settings] })).config),
    });
    const { result, winner } = searched;
    const files = writeSearch(out, searched, request.command);
    console.log(renderSearch(result, request.command));
    if (winner === undefined) {
      console.error('no trial was trained: see the verdicts above');
      return 1;
    }
    if (request.retrain.length > 0) {
      const runs = await retrain(winner, request.retrain, { ...context, out });
      const section = retrainSection(winner, runs);
      const text = [`## ${section.title}`, section.note, markdownTable(section.titles, section.rows)].join('\n\n');
      writeJson(join(out, 'retrained.json'), runs);
      writeFileAtomic(join(out, 'retrained.md'), `${text}\n`);
      writeSearch(out, searched, request.command, [section]);
      files.push('retrained.md', 'retrained.json');
      console.log(`\n${text}`);
    }
    const at = (each: string): string => shellWord(relative(process.cwd(), join(out, each)));
    console.log(`\nwritten: ${files.map(at).join(', ')}`);
    if (request.retrain.length === 0)
      console.log(
        `train the winner: seqrec train --config ${at('winner.yaml')}; over seeds, and tested: this command with --retrain 1,2,3`,
      );
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.error('saved; the same command goes on from here');
    return signalExitCode(stop.signal ?? 'SIGINT');
  } finally {
    progress.clear();
    stop.dispose();
  }
}

async function writtenSpace({ space, recipe, configFile }: SearchCommand): Promise<Dimension[]> {
  if (space !== undefined) return readSpace(space);
  const written = recipe === undefined ? undefined : await recipeSpace(recipe);
  if (written === undefined)
    throw new UsageError(
      `--space: expected a file with keys and their choices or ranges, since ${recipe ?? configFile} has none; got none`,
      'docs/search.md shows one',
    );
  return parseSpace(written, () => `recipe ${recipe}: space: `);
}
