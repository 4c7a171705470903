import { definitionNames, loadDefinition } from '../definitions.ts';
import type { Benchmark } from './benchmark.ts';

/** Names of all benchmarks: the files under `experiments/benchmarks`. */
export const benchmarkNames = (): string[] => definitionNames('benchmarks');

/** @throws UsageError with the nearest name. */
export const loadBenchmark = (name: string): Promise<Benchmark> => loadDefinition('benchmarks', name);
