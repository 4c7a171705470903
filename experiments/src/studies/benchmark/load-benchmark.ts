import { existsSync } from 'node:fs';
import { baselineOf } from '@seqrec/models';
import { isYaml, readDataSection, recipeTitle } from '../../config/load-recipe.ts';
import { UsageError } from '../../errors.ts';
import { definitionNames, loadDefinition } from '../definitions.ts';
import { type Benchmark, type Changes, defineBenchmark } from './benchmark.ts';
import { namesIn } from './cells.ts';
import { benchmarkShape } from './shape.ts';

/** Names of all benchmarks: the files under `experiments/benchmarks`. */
export const benchmarkNames = (): string[] => definitionNames('benchmarks');

/**
 * A benchmark by its name, or the export `benchmark` of a file of one's own.
 *
 * @throws UsageError with the nearest name.
 */
export const loadBenchmark = (name: string): Promise<Benchmark> =>
  loadDefinition<Benchmark>('benchmarks', name, {
    own: {
      shape: benchmarkShape,
      define: defineBenchmark,
      withRecipes: ({ models, ...benchmark }, beside) => ({
        ...benchmark,
        models: Object.fromEntries(
          Object.entries(models).map(([model, of]) => [model, { ...of, recipe: beside(of.recipe) }]),
        ),
      }),
    },
  });

/**
 * The benchmark of a request: beside its own models and data those of the YAML files that are asked for, by the names
 * of the files.
 *
 * @throws UsageError for a file that is called as a model or a data set of the benchmark is, and for data sets in the
 *   place of their folder.
 */
export async function requestedBenchmark({
  benchmark: name,
  models: askedModels = [],
  data: askedData = [],
  dataFolder,
}: {
  readonly benchmark: string;
  readonly models?: readonly string[];
  readonly data?: readonly string[];
  readonly dataFolder?: string;
}): Promise<Benchmark> {
  const benchmark = await loadBenchmark(name);
  if (dataFolder !== undefined) checkFolder(dataFolder, benchmark);
  for (const baseline of benchmark.baselines) baselineOf(baseline);
  const { models, data, notes } = benchmark;
  const addedModels = Object.fromEntries(
    yamlFiles('models', askedModels, models).map(([title, recipe]) => [title, { recipe }]),
  );
  const files = yamlFiles('datasets', askedData, data);
  const addedData: Record<string, Changes> = {};
  const ownNotes: string[] = [];
  for (const [title, file] of files) {
    const section = await readDataSection(file);
    const own = Object.entries(section).filter(([key]) => !OF_PROTOCOL.includes(key));
    addedData[title] = { data: JSON.stringify(Object.fromEntries(own)) };
    ownNotes.push(
      ownDataNote(
        title,
        file,
        OF_PROTOCOL.filter((key) => Object.hasOwn(section, key)),
      ),
    );
  }
  return {
    ...benchmark,
    models: { ...models, ...addedModels },
    data: { ...data, ...addedData },
    notes: [...notes, ...ownNotes],
  };
}

/** Names of data sets are easily taken for their folder. */
function checkFolder(folder: string, { data }: Benchmark): void {
  if (existsSync(folder) || !namesIn([folder], data).every((name) => Object.hasOwn(data, name))) return;
  throw new UsageError(
    `--data: expected the folder of the data sets; got ${folder}, names of them`,
    `choose them with --datasets ${folder}`,
  );
}

/** Keys of data that a protocol decides, so that all data sets of a benchmark are split and filtered alike. */
const OF_PROTOCOL = ['repeats', 'kCore', 'split'];

function ownDataNote(title: string, file: string, unread: readonly string[]): string {
  const note = `${title} is the data of ${file}: what the benchmark sets for each of its own data sets (dropout, length of histories, ties) is not set for it.`;
  return unread.length === 0 ? note : `${note} Its own ${unread.join(', ')} is not read: the protocol decides it.`;
}

/** The YAML files among names, by their titles. */
function yamlFiles(option: string, asked: readonly string[], known: object): [title: string, file: string][] {
  const added = new Map<string, string>();
  for (const file of namesIn(asked, known)) {
    if (!isYaml(file)) continue;
    const title = recipeTitle(file);
    if (Object.hasOwn(known, title) || added.has(title))
      throw new UsageError(
        `--${option}: ${file}: expected a file with a name of its own; there is a ${option === 'models' ? 'model' : 'data set'} ${title}`,
      );
    added.set(title, file);
  }
  return [...added];
}
