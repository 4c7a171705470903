import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { DataError, interactionsFromArrays, type SourceDefinition } from '@seqrec/data';
import { z } from 'zod';

const schema = z.strictObject({
  format: z.literal('own/orders'),
  path: z
    .string()
    .min(1)
    .describe(
      'A file with one order a line, `anna 2024-03-01T10:00 tea,milk`, items in the order in which they were taken.',
    ),
});

/** A file of orders, relative to the working directory. */
export const orders: SourceDefinition<z.output<typeof schema>> = {
  format: 'own/orders',
  schema,
  async read({ path }, { onProgress }) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      // What is there and cannot be read has its own reason.
      if (error.code !== 'ENOENT') throw error;
      throw new DataError('own/orders', 'expected a file of orders; there is none', {
        code: 'missing-file',
        file: path,
      });
    });
    const [users, items, timestamps]: [string[], string[], number[]] = [[], [], []];
    const lines = text.split('\n');
    for (const [i, line] of lines.entries()) {
      if (line.trim() === '') continue;
      const [user, time, list, ...rest] = line.trim().split(/\s+/);
      const seconds = Date.parse(`${time}Z`) / 1000;
      if (list === undefined || rest.length > 0 || Number.isNaN(seconds)) {
        const problem = `expected a user, a time as 2024-03-01T10:00 and items with commas; got "${line}"`;
        throw new DataError('own/orders', problem, { code: 'bad-row', file: path, line: i + 1 });
      }
      for (const item of list.split(',')) {
        users.push(user);
        items.push(item);
        timestamps.push(seconds);
      }
    }
    onProgress?.({ file: path, bytes: text.length, totalBytes: text.length, rows: users.length });
    return interactionsFromArrays({ name: basename(path, '.txt'), users, items, timestamps });
  },
};
