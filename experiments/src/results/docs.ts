import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunError } from '../errors.ts';
import { writeFileAtomic } from '../run/folder/atomic.ts';
import { figuresPage, fillPage, shownIn, withIncluded } from './figures.ts';
import { readResults } from './saved.ts';

const docs = fileURLToPath(new URL('../../../docs', import.meta.url));

/** Pages that show results between their own sentences. */
const PAGES = [
  'reproduced.md',
  'scaling.md',
  'ranking.md',
  'tables.md',
  'deltas.md',
  'plan.md',
  'ranks.md',
  'kernels.md',
  'benchmarks/time-to-split.md',
  'benchmarks/esasrec.md',
  'benchmarks/losses-and-blocks.md',
  'generation.md',
  'semantic-ids.md',
  '../README.md',
];

/** Every page that holds results, as it should be, by its path from `docs`. */
export function docPages(): ReadonlyMap<string, { readonly is: string; readonly should: string }> {
  if (!existsSync(join(docs, 'results')))
    throw new RunError(
      'seqrec figures: expected a checkout of the repository, with docs/results; this program runs without one',
    );
  const results = readResults(join(docs, 'results'));
  const read = (page: string): string => (existsSync(join(docs, page)) ? readFileSync(join(docs, page), 'utf8') : '');
  const pages = new Map<string, { is: string; should: string }>();
  const shown = new Set<string>();
  for (const page of PAGES) {
    const is = read(page);
    for (const file of shownIn(is)) shown.add(file);
    pages.set(page, { is, should: fillPage(is, results) });
  }
  pages.set('figures.md', { is: read('figures.md'), should: figuresPage(results, withIncluded(shown, results)) });
  return pages;
}

/** Writes the pages that differ and returns them. */
export function writeDocPages(): string[] {
  const changed = [...docPages()].filter(([, { is, should }]) => is !== should);
  for (const [page, { should }] of changed) writeFileAtomic(join(docs, page), should);
  return changed.map(([page]) => page);
}
