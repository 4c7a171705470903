import { OptionError } from '../errors.ts';
import type { ProblemCount } from '../interactions.ts';
import { ProblemLog, type RowProblem } from '../problems.ts';
import { CatalogueBuilder } from './catalogue-builder.ts';
import { chooseFile } from './choose-file.ts';
import { checkId, locateColumns } from './columns.ts';
import type { ItemsFile } from './csv.ts';
import { readDelimited } from './delimited.ts';
import type { FileSet } from './files.ts';
import type { ReadContext } from './progress.ts';

/** Reads a file with one item a row: the corpus, with titles and categories where it has them. */
export async function readItemsFile(
  operation: string,
  files: FileSet,
  items: ItemsFile,
  context: ReadContext,
  problems: ProblemCount[],
): Promise<CatalogueBuilder> {
  const name = chooseFile(operation, files, items.file);
  const place = files.place(name);
  const log = new ProblemLog({ operation, ...place, lenient: context.lenient });
  const builder = new CatalogueBuilder();
  const header = items.header ?? true;
  let at = { item: 0, title: -1, categories: -1 };

  const row = (fields: readonly string[]): RowProblem | undefined => {
    const item = fields[at.item];
    const problem = checkId(item, 'item');
    if (problem !== undefined) return problem;
    const title = at.title < 0 ? '' : fields[at.title].trim();
    const categories = at.categories < 0 ? [] : splitCategories(fields[at.categories]);
    if (builder.add(item, title, categories)) return undefined;
    return { reason: 'repeated-item', column: 'item', message: `expected distinct items; got "${item}" twice` };
  };

  await readDelimited(
    context.counted(files, name, () => builder.size),
    items,
    log,
    {
      header,
      first(fields, line) {
        const { item, ...optional } = items.columns;
        const located = locateColumns(operation, { item }, fields, header, { ...place, line });
        at = { ...at, item: located.item as number };
        for (const key of ['title', 'categories'] as const) {
          try {
            at = { ...at, ...locateColumns(operation, { [key]: optional[key] }, fields, header, { ...place, line }) };
          } catch (error) {
            if (!(error instanceof OptionError && error.code === 'missing-column' && items.optionalColumns))
              throw error;
          }
        }
      },
      row,
    },
  );
  if (builder.size === 0) throw log.error(undefined, { reason: 'no-rows', message: 'expected items; got none' });
  problems.push(...log.counts(place.entry ?? name));
  return builder;
}

/** `'Beauty', "Women's"` (a Python list, with or without brackets), or `a|b`. */
export function splitCategories(text: string): string[] {
  const listed = [...text.matchAll(/'([^']*)'|"([^"]*)"/g)].map((m) => m[1] ?? m[2]);
  const parts = listed.length > 0 ? listed : text.split('|');
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
}
