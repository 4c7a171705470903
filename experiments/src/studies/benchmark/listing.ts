import { figures, type Listing, lines } from '../../terminal/listing.ts';
import type { BenchmarkResult } from './result.ts';
import { benchmarkSections, seedsSentence } from './sections.ts';

/** The tables of a benchmark: figures, what is beyond noise, segments, counts, cost. */
export function listBenchmark(result: BenchmarkResult): Listing {
  const { name, title, source, remarks, notes } = result;
  return [
    ...lines(`${name}: ${title}. Source: ${source}.`, ...remarks, seedsSentence(result), ...notes),
    ...benchmarkSections(result).map(({ title: of, titles, rows }) =>
      figures(titles, rows, { title: of, left: titles.map((_, i) => i) }),
    ),
  ];
}
