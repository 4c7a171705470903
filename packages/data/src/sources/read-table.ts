import { assembleInteractions } from '../assemble.ts';
import type { Interactions, ProblemCount } from '../interactions.ts';
import type { KeyedTable } from '../table/keyed.ts';
import { type Vocabulary, VocabularyBuilder } from '../table/vocabulary.ts';
import type { CsvPreset, ItemsFile, TableSource } from './csv-source.ts';
import type { DelimitedOptions } from './delimited.ts';
import type { FileSet } from './file-set.ts';
import { FloatIds, integerKeys } from './float-ids.ts';
import type { ItemTitles } from './item-titles.ts';
import { missingRule } from './missing.ts';
import { NotPlain } from './not-plain.ts';
import type { ReadContext } from './progress.ts';
import { readEvents } from './read-events.ts';
import type { RowOrigin } from './row-origin.ts';
import { readSideFile, type SideFile } from './side-file.ts';
import { checkMapping, columnName, rolesFor } from './table-roles.ts';
import { tidyIds } from './tidy-ids.ts';

/**
 * Rows of any origin, with the files of users and items, to a data set: by columns where the origin can and all rows
 * are plain, else row by row, with the same result.
 */
export async function readTable(
  files: FileSet | undefined,
  origin: RowOrigin,
  source: TableSource,
  name: string,
  context: ReadContext,
  preset: CsvPreset,
): Promise<Interactions> {
  const { readChunks: _, chunksBy: __, ...byRows } = origin;
  if (origin.readChunks === undefined) return readRows(files, byRows, source, name, context, preset);
  try {
    return await readRows(files, origin, source, name, context, preset);
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    const note = origin.onRows?.(error.message);
    return readRows(files, byRows, source, name, context, preset, note === undefined ? [] : [note]);
  }
}

async function readRows(
  files: FileSet | undefined,
  origin: RowOrigin,
  source: TableSource,
  name: string,
  context: ReadContext,
  preset: CsvPreset,
  readerNotes = origin.notes ?? [],
): Promise<Interactions> {
  const { operation } = preset;
  checkMapping(operation, source);
  const problems: ProblemCount[] = [];
  // A list of items that were shown has the ids of the items.
  const itemNotes: string[] = [];
  let floats = { user: new FloatIds(undefined), item: new FloatIds(undefined) };
  const itemVocabulary = new VocabularyBuilder((ids) => {
    const { ids: tidy, notes } = tidyIds('item', ids, floats.item);
    itemNotes.splice(0, itemNotes.length, ...notes);
    return tidy;
  });
  const vocabularies = new Map([[columnName('item', source.columns.item), itemVocabulary]]);
  const missing = missingRule(source.missing);
  const side = <S extends SideFile>(of: 'user' | 'item', file: S | undefined) =>
    file &&
    readSideFile(operation, of, files, file, { vocabularies, missing, problems, format: preset.format }, context);
  const ofItems = await side('item', source.items);
  const ofUsers = await side('user', source.users);
  const { corpus = 'listed' } = source.items ?? {};
  const listed = corpus === 'occurring' ? undefined : ofItems?.keys;
  for (const id of listed?.texts() ?? []) itemVocabulary.interner.intern(id);
  if (corpus === 'listed' && listed !== undefined) itemVocabulary.restrict(listed);
  const items = itemVocabulary.interner;
  floats = { user: new FloatIds(ofUsers?.keys), item: new FloatIds(ofItems?.keys) };
  const read = await readEvents(preset, origin, source, items, listed, floats, vocabularies, context, problems);
  const { table, titles, further, skipped, withoutUser } = read;
  const users = tidyIds('user', read.users.ids(), floats.user);
  const vocabulary = itemVocabulary.build();
  const itemRows = ofItems?.build() ?? titleRows(titles, vocabulary);
  const userRows = ofUsers?.build() ?? origin.userRows?.();
  const joined = [...floatNote('User', floats.user, source.users), ...floatNote('Item', floats.item, source.items)];
  const unlisted = items.size - vocabulary.ids.size;
  const notes = [...readerNotes, ...users.notes, ...itemNotes, ...joined, ...unlistedNote(unlisted, source.items)];
  const by = origin.chunksBy === undefined ? '' : ` by ${origin.chunksBy}`;
  return assembleInteractions({
    name,
    table,
    users: users.ids,
    items: vocabulary,
    roles: rolesFor(operation, source, further),
    ...(source.columns.rating === undefined ? {} : { ratingColumn: columnName('rating', source.columns.rating) }),
    columns: further,
    ...(userRows === undefined ? {} : { userRows }),
    ...(itemRows === undefined ? {} : { itemRows }),
    ties: source.ties ?? 'file-order',
    tieSeed: source.tieSeed ?? 0,
    step: {
      name: 'read',
      detail:
        `Read ${table.length} events of ${read.users.size} users from ${origin.title}${formatNotes(source)}${by}; ` +
        `${corpusNote(vocabulary.ids.size, ofItems === undefined ? undefined : corpus, source.items?.file ?? source.items?.path)}` +
        `${source.withoutUser === 'skip' ? `; ${withoutUser} rows without a user were left out` : ''}` +
        `${skipped === 0 ? '.' : `; ${skipped} corrupt rows were skipped.`}${notes.map((note) => ` ${note}`).join('')}`,
      ...(notes.length === 0 ? {} : { notes }),
      params: {
        format: preset.format,
        timeUnit: source.columns.time === undefined ? 'none' : (source.timeFormat ?? source.timeUnit ?? 's'),
      },
      counts: {
        rows: table.length + skipped + withoutUser,
        events: table.length,
        skipped,
        items: vocabulary.ids.size,
        ...(source.withoutUser === 'skip' ? { withoutUser } : {}),
      },
      ...(problems.length === 0 ? {} : { problems }),
    },
  });
}

/** Titles by the ids of the items, which are integers where all were written as `35.0`. */
function titleRows(titles: ItemTitles | undefined, { ids }: Vocabulary): KeyedTable | undefined {
  const rows = titles?.build();
  return rows && ids.storage.kind === 'integer' ? { ...rows, keys: integerKeys(rows.keys) } : rows;
}

function floatNote(of: 'User' | 'Item', { example }: FloatIds, file: SideFile | undefined): string[] {
  if (example === undefined) return [];
  return [`${of} ids written as ${example} are read as the integers of ${file?.file ?? file?.path}.`];
}

function unlistedNote(count: number, file: SideFile | undefined): string[] {
  if (count === 0) return [];
  return [`${count} ids in columns of items are not in ${file?.file ?? file?.path}, and are taken for none.`];
}

function corpusNote(items: number, corpus: ItemsFile['corpus'], file = ''): string {
  if (corpus === 'listed') return `the corpus is all ${items} items of ${file}`;
  if (corpus === 'both') return `the corpus is the ${items} items that occur or stand in ${file}`;
  return `the corpus is the ${items} items that occur`;
}

/** What was said about the format of the file. */
function formatNotes({ encoding = 'utf8', quote }: DelimitedOptions): string {
  const quotes = quote === false ? ', quotes as ordinary characters' : quote === undefined ? '' : `, quote ${quote}`;
  return `${encoding === 'utf8' ? '' : `, in ${encoding}`}${quotes}`;
}
