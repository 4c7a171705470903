import { assembleInteractions } from '../assemble.ts';
import { DataError } from '../errors.ts';
import { EventTable } from '../event-table.ts';
import type { Interactions } from '../interactions.ts';
import { Interner } from '../interner.ts';
import { otherTables, ProblemLog, type RowProblem } from '../problems.ts';
import { filesNamed, onlyFile } from './choose-file.ts';
import { checkId } from './columns.ts';
import type { CsvSource } from './csv-source.ts';
import type { FileSet } from './file-set.ts';
import { scanLines } from './lines.ts';
import type { ReadContext } from './progress.ts';
import { parseTime } from './time.ts';

export interface UserLinesSource extends Pick<CsvSource, 'path' | 'name' | 'ties' | 'tieSeed'> {
  readonly format: 'user-lines';
}

const operation = 'readUserLines';

/**
 * The two files of the layout: `NAME_item.txt` and `NAME_time.txt`.
 *
 * @throws {DataError} `ambiguous-layout` for several pairs
 */
export function findUserLinesLayout(files: FileSet): { readonly items: string; readonly times: string } | undefined {
  const timesOf = (items: string): string => items.replace(/_item\.txt(\.gz)?$/, '_time.txt$1');
  const pairs = filesNamed(files, /_item\.txt(\.gz)?$/).filter((items) => files.names.includes(timesOf(items)));
  const items = onlyFile(operation, files, pairs);
  return items === undefined ? undefined : { items, times: timesOf(items) };
}

/**
 * Reads sequences with one user a line, as many papers publish them: `NAME_item.txt` has the user's id and the items of
 * all events, `NAME_time.txt` the same id and the time of each, in seconds. Blanks between them.
 *
 * @throws {DataError} naming file and line of what is wrong
 */
export async function readUserLines(
  files: FileSet,
  source: UserLinesSource,
  name: string,
  context: ReadContext,
): Promise<Interactions> {
  const found = findUserLinesLayout(files);
  if (found === undefined) {
    const got = files.names.slice(0, 8).join(', ') || 'no files';
    throw new DataError(operation, `expected NAME_item.txt and NAME_time.txt; got ${got}`, {
      code: 'unknown-layout',
      file: files.path,
      hint: otherTables,
    });
  }
  const times = await fieldsOf(files, found.times, context);
  const lines = await fieldsOf(files, found.items, context);
  const place = files.place(found.items);
  const log = new ProblemLog({ operation, ...place, lenient: context.lenient });
  const table = new EventTable(false);
  const [users, items] = [new Interner(), new Interner()];
  for (let line = 0; line < lines.length; line++) {
    const problem = takeLine(lines[line], times[line], found.times);
    if (problem !== undefined) log.report(line + 1, problem);
  }
  if (lines.length < times.length) {
    log.report(times.length, {
      reason: 'no-line',
      message: `expected as many lines as ${found.times} has, ${times.length}; got ${lines.length}`,
    });
  }
  if (table.length === 0) throw log.noRows('lines of a user and events');

  function takeLine(
    fields: readonly string[],
    clock: readonly string[] | undefined,
    file: string,
  ): RowProblem | undefined {
    const [user, ...ids] = fields;
    if (clock === undefined || clock.length !== fields.length || clock[0] !== user) {
      const got = clock === undefined ? 'none' : `${clock.length - 1} of user ${clock[0]}`;
      return { reason: 'other-times', message: `expected ${ids.length} times of user ${user} in ${file}; got ${got}` };
    }
    const wrong =
      checkId(user, 'user') ?? ids.map((id) => checkId(id, 'item')).find((problem) => problem !== undefined);
    if (wrong !== undefined) return wrong;
    const seconds = clock.slice(1).map((text) => parseTime(text, 's'));
    const bad = seconds.find((time) => typeof time !== 'number');
    if (bad !== undefined) return bad as RowProblem;
    const code = users.intern(user);
    for (const [e, id] of ids.entries()) table.push(code, items.intern(id), seconds[e] as number, 0);
    return undefined;
  }

  const { length } = table;
  return assembleInteractions({
    name,
    table,
    users: users.ids(),
    items: items.ids(),
    roles: { user: 'user', item: 'item', time: 'time', labels: [] },
    ties: source.ties ?? 'file-order',
    tieSeed: source.tieSeed ?? 0,
    step: {
      name: 'read',
      detail: `Read ${length} events of ${users.size} users from ${found.items} and ${found.times}, a user a line.`,
      params: { format: 'user-lines' },
      counts: { rows: lines.length, events: length, skipped: log.total, items: items.size },
      problems: log.counts(found.items),
    },
  });
}

const decoder = new TextDecoder('utf-8', { fatal: false });

/** The fields of each line. */
async function fieldsOf(files: FileSet, name: string, context: ReadContext): Promise<string[][]> {
  const lines: string[][] = [];
  await scanLines(
    context.counted(files, name, () => lines.length),
    (bytes, start, end) => {
      lines.push(decoder.decode(bytes.subarray(start, end)).trim().split(/\s+/));
    },
    (line) => {
      throw new DataError(operation, 'expected lines of at most 1 MiB; got a longer one', {
        code: 'bad-row',
        ...files.place(name),
        line,
      });
    },
  );
  // A blank line at the end is none.
  while (lines.length > 0 && lines.at(-1)?.join('') === '') lines.pop();
  return lines;
}
