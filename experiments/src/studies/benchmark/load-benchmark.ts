import { definitionNames, loadDefinition } from '../definitions.ts';
import { type Benchmark, defineBenchmark } from './benchmark.ts';
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
