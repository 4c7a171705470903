import { parse } from 'csv-parse/sync';
import type { ProblemCount } from '../interactions.ts';
import type { Interner } from '../interner.ts';
import { ProblemLog } from '../problems.ts';
import { columnBuilder } from '../table/builder.ts';
import type { Column } from '../table/column.ts';
import type { FileSet } from './file-set.ts';
import { readText } from './files.ts';
import type { FoundLayout } from './movielens-layouts.ts';
import type { ReadContext } from './progress.ts';
import { quoted } from './rating-rows.ts';

/** The distinct tags of each movie, in the order in which users gave them, where the release has tags. */
export async function readTags(
  files: FileSet,
  found: FoundLayout,
  movies: Interner,
  context: ReadContext,
  problems: ProblemCount[],
): Promise<Column | undefined> {
  const { tags: layout } = found.layout;
  if (found.tags === undefined || layout === undefined) return undefined;
  const place = files.place(found.tags);
  const log = new ProblemLog({ operation: 'readMovieLens', ...place, lenient: context.lenient });
  const of = new Map<number, string[]>();
  const add = (fields: readonly string[], line: number): void => {
    if (fields.length !== 4) {
      const message = `expected 4 fields separated by "${layout.separator}"; got ${fields.length} in ${quoted(fields.join(layout.separator))}`;
      log.report(line, { reason: 'wrong-field-count', message });
      return;
    }
    const movie = movies.find(fields[1]);
    if (movie === undefined) {
      const message = `expected a movie of the movies file; got ${quoted(fields[1])}`;
      log.report(line, { reason: 'unknown-item', column: 'item', message });
      return;
    }
    // A line break is what separates them below.
    const tag = fields[2].split(/\s+/).join(' ').trim();
    const known = of.get(movie);
    if (known === undefined) of.set(movie, [tag]);
    else known.push(tag);
  };
  const text = await readText(files, found.tags);
  if (layout.header) {
    parse(text, {
      from: 2,
      skip_empty_lines: true,
      relax_column_count: true,
      relax_quotes: true,
      on_record: (fields: string[], { lines }) => {
        add(fields, lines);
        return null;
      },
    });
  } else {
    text.split(/\r?\n/).forEach((line, i) => {
      if (line !== '') add(line.split(layout.separator), i + 1);
    });
  }
  problems.push(...log.counts(place.entry ?? found.tags));
  const builder = columnBuilder('tags', { kind: 'ids', separator: '\n', distinct: true }, new Map());
  for (let movie = 0; movie < movies.size; movie++) {
    builder.read((of.get(movie) ?? []).join('\n'));
    builder.keep();
  }
  return builder.build();
}
