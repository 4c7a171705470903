import { DataError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import type { ProblemLog } from '../problems.ts';
import { columnBuilder } from '../table/builder.ts';
import { KeyedTableBuilder } from '../table/keyed.ts';
import type { VocabularyBuilder } from '../table/vocabulary.ts';
import { fileBeside, filesNamed, onlyFile } from './choose-file.ts';
import type { CsvSource } from './csv-source.ts';
import type { RowHandler } from './delimited.ts';
import type { FileSet } from './file-set.ts';
import { scanLines } from './lines.ts';
import type { ReadContext } from './progress.ts';
import { quoted } from './rating-rows.ts';
import { readTable } from './read-table.ts';

export interface MindSource extends Pick<CsvSource, 'path' | 'name' | 'ties' | 'tieSeed'> {
  readonly format: 'mind';
}

const operation = 'readMind';
const decoder = new TextDecoder();

/**
 * Reads MIND (Wu et al., ACL 2020): every news that was shown is an event, with `click` 1 or 0 and the impression as
 * `request`; what the user had clicked before is the column `history` of the users.
 *
 * `minRating` 1 keeps the clicks. Layout: `behaviors.tsv` (impression, user, time, history, `NEWS-CLICK` of each shown)
 * and, where it is beside it, `news.tsv`, each also as `.gz`; the corpus is all news that were shown, clicked or
 * described. Of a folder with several parts (`MINDsmall_train`, `MINDsmall_dev`) one has to be the path.
 */
export async function readMind(
  files: FileSet,
  source: MindSource,
  name: string,
  context: ReadContext,
): Promise<Interactions> {
  const named = filesNamed(files, /^behaviors\.tsv(\.gz)?$/);
  const behaviors = onlyFile(operation, files, named, 'give the folder of one part (train, dev) as the path');
  if (behaviors === undefined) {
    throw new DataError(operation, `expected behaviors.tsv; got ${files.names.slice(0, 8).join(', ') || 'no files'}`, {
      code: 'unknown-layout',
      file: files.path,
    });
  }
  const news = fileBeside(files, behaviors, /^news\.tsv(\.gz)?$/);
  const place = files.place(behaviors);
  let users: KeyedTableBuilder | undefined;
  const read = async (
    log: ProblemLog,
    handler: RowHandler,
    rows: () => number,
    vocabularies: Map<string, VocabularyBuilder>,
  ): Promise<void> => {
    const history = columnBuilder('history', { kind: 'ids', separator: ' ', vocabulary: 'item' }, vocabularies);
    users = new KeyedTableBuilder([history]);
    handler.first(['user', 'item', 'time', 'click', 'request'], 0);
    const onLine = (bytes: Uint8Array, start: number, end: number, line: number): void => {
      if (end > start) takeImpression(decoder.decode(bytes.subarray(start, end)), line, log, handler, users);
    };
    await scanLines(context.counted(files, behaviors, rows), onLine, (line) => {
      throw log.error(line, { reason: 'long-line', message: 'expected lines of less than 1 MiB; got a longer one' });
    });
  };
  const table: Omit<CsvSource, 'format' | 'path'> = {
    columns: { user: 'user', item: 'item', time: 'time', rating: 'click' },
    timeFormat: '%m/%d/%Y %I:%M:%S %p',
    further: { request: { kind: 'id' } },
    request: 'request',
    labels: ['click'],
    ...(source.ties === undefined ? {} : { ties: source.ties }),
    ...(source.tieSeed === undefined ? {} : { tieSeed: source.tieSeed }),
    ...(news === undefined ? {} : { items: newsFile(news) }),
  };
  const origin = { title: place.entry ?? behaviors, place, read, userRows: () => users?.build() };
  return readTable(files, origin, table, name, context, { operation, format: 'mind' });
}

function newsFile(file: string): NonNullable<CsvSource['items']> {
  return {
    file,
    id: 0,
    header: false,
    delimiter: '\t',
    quote: false,
    columns: {
      category: { kind: 'id', column: 1 },
      subcategory: { kind: 'id', column: 2 },
      title: { kind: 'text', column: 3 },
      abstract: { kind: 'text', column: 4 },
    },
    title: 'title',
    categories: 'category',
    corpus: 'both',
  };
}

/** One line: an event for each news that was shown, and the user's history, the first time that the user comes. */
function takeImpression(
  text: string,
  line: number,
  log: ProblemLog,
  handler: RowHandler,
  users: KeyedTableBuilder | undefined,
): void {
  const fields = text.split('\t');
  if (fields.length !== 5) {
    const message = `expected 5 fields separated by a tab; got ${fields.length} in ${quoted(text)}`;
    log.report(line, { reason: 'wrong-field-count', message });
    return;
  }
  const [request, user, time, history, shown] = fields;
  if (users?.keys.find(user) === undefined) users?.add(user, [history]);
  for (const entry of shown.trim().split(' ')) {
    const parts = /^(.+)-([01])$/.exec(entry);
    const problem =
      parts === null
        ? { reason: 'bad-row', column: 'click', message: `expected news-0 or news-1; got ${quoted(entry)}` }
        : handler.row([user, parts[1], time, parts[2], request], line, 0);
    if (problem !== undefined) log.report(line, problem);
  }
}
