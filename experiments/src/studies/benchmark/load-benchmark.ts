import { isYaml, recipeTitle } from '../../config/load-recipe.ts';
import { UsageError } from '../../errors.ts';
import { definitionNames, loadDefinition } from '../definitions.ts';
import { type Benchmark, type BenchmarkModel, defineBenchmark } from './benchmark.ts';
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
 * The benchmark of a request: beside its own models those of the YAML files among the models that are asked for, called
 * as their files.
 *
 * @throws UsageError for a file that is called as a model of the benchmark is.
 */
export async function requestedBenchmark({
  benchmark: name,
  models: asked = [],
}: {
  readonly benchmark: string;
  readonly models?: readonly string[];
}): Promise<Benchmark> {
  const benchmark = await loadBenchmark(name);
  const { models } = benchmark;
  const added: Record<string, BenchmarkModel> = {};
  for (const recipe of namesIn(asked, models)) {
    if (!isYaml(recipe)) continue;
    const title = recipeTitle(recipe);
    if (Object.hasOwn(models, title) || Object.hasOwn(added, title))
      throw new UsageError(`--models: ${recipe}: expected a file with a name of its own; there is a model ${title}`);
    added[title] = { recipe };
  }
  return { ...benchmark, models: { ...models, ...added } };
}
