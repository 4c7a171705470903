import type { ProblemCount } from '../interactions.ts';
import { ProblemLog } from '../problems.ts';
import { columnBuilder } from '../table/builder.ts';
import { type KeyedTable, KeyedTableBuilder } from '../table/keyed.ts';
import { checkId } from './columns.ts';
import type { FileSet } from './file-set.ts';
import { readText } from './files.ts';
import type { FoundLayout } from './movielens-layouts.ts';
import type { ReadContext } from './progress.ts';
import { quoted } from './rating-rows.ts';

/** Ages are numbers (in ml-1m the lower end of a group); the rest of what is known of users are ids. */
const numbers = new Set(['age']);

/** Reads `users.dat` or `u.user`, where the release has one. */
export async function readUsers(
  files: FileSet,
  found: FoundLayout,
  context: ReadContext,
  problems: ProblemCount[],
): Promise<KeyedTable | undefined> {
  const { users: layout } = found.layout;
  if (found.users === undefined || layout === undefined) return undefined;
  const place = files.place(found.users);
  const log = new ProblemLog({ operation: 'readMovieLens', ...place, lenient: context.lenient });
  const vocabularies = new Map();
  const builder = new KeyedTableBuilder(
    layout.columns.map((name) => columnBuilder(name, { kind: numbers.has(name) ? 'number' : 'id' }, vocabularies)),
  );
  const lines = (await readText(files, found.users)).split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] === '') continue;
    const [id, ...fields] = lines[i].split(layout.separator);
    if (fields.length !== layout.columns.length) {
      const message = `expected ${1 + layout.columns.length} fields separated by "${layout.separator}"; got ${1 + fields.length} in ${quoted(lines[i])}`;
      log.report(i + 1, { reason: 'wrong-field-count', message });
      continue;
    }
    const problem = checkId(id, 'user') ?? builder.add(id, fields);
    if (problem !== undefined) log.report(i + 1, { column: 'user', ...problem });
  }
  problems.push(...log.counts(place.entry ?? found.users));
  return builder.build();
}
