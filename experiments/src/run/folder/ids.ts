import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Interactions } from '@seqrec/data';
import type { RunDir } from './run-dir.ts';

/** Lines written at a time. */
const BLOCK = 65_536;

/**
 * Writes what the dense numbers of a run mean: `users.jsonl` with a line `{"user":0,"id":"196"}` for each user,
 * `items.jsonl` with `{"item":1,"id":"242","title":"Kolya (1996)"}` for each item, titles where the data have them;
 * in the order of the numbers.
 */
export function saveIds(run: RunDir, { users, items, catalogue }: Interactions): void {
  writeLines(run.userIds, users.size, (n) => ({ user: users.first + n, id: users.external(users.first + n) }));
  writeLines(run.itemIds, items.size, (n) => {
    const item = items.first + n;
    const title = catalogue?.title(item);
    return { item, id: items.external(item), ...(title !== undefined && { title }) };
  });
}

/** Block by block: the text of ten million lines does not fit into one string. */
function writeLines(file: string, count: number, line: (n: number) => unknown): void {
  const temporary = `${file}.${process.pid}.tmp`;
  const descriptor = openSync(temporary, 'w');
  try {
    for (let first = 0; first < count; first += BLOCK) {
      const lines = Array.from({ length: Math.min(BLOCK, count - first) }, (_, n) => JSON.stringify(line(first + n)));
      writeFileSync(descriptor, `${lines.join('\n')}\n`);
    }
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}
