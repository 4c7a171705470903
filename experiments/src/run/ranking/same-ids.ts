import { createReadStream, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Interactions } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';

/**
 * Checks that a checkpoint in a run folder is of the users and items of these data, by the lists of ids beside it: rows
 * of tables are told by numbers, which in other data are those of others. A checkpoint that lies alone is trusted.
 *
 * @param tables of the model that are filled, by the names of weights, and which of the checkpoint each is read from.
 * @throws ConfigError naming the first number that means another id.
 */
export async function checkSameIds(
  path: string,
  tables: Readonly<Record<string, string>>,
  { users, items }: Pick<Interactions, 'users' | 'items'>,
): Promise<void> {
  for (const [kind, ids] of [
    ['user', users],
    ['item', items],
  ] as const) {
    const list = join(dirname(dirname(path)), `${kind}s.jsonl`);
    // A table of a model of another kind has another name there: one of the two says whose rows they are.
    const isOf = (name: string): boolean => name.endsWith(`.${kind}.weight`);
    if (!Object.entries(tables).some((pair) => pair.some(isOf)) || !existsSync(list)) continue;
    await compare(list, { kind, ids, path });
  }
}

async function compare(
  list: string,
  { kind, ids, path }: { readonly kind: string; readonly ids: Interactions['items']; readonly path: string },
): Promise<void> {
  const refuse = (got: string): never => {
    throw new ConfigError(
      `initialTables.path: expected a checkpoint of the same ${kind}s as these data; got ${path}, ${got}`,
      'train it on the same data, before rows were sampled or labels joined',
    );
  };
  const stream = createReadStream(list);
  let number = ids.first;
  try {
    for await (const line of createInterface({ input: stream })) {
      if (line === '') continue;
      const { id } = JSON.parse(line) as { readonly id: string };
      if (number >= ids.first + ids.size) refuse(`of more than ${ids.size} ${kind}s`);
      const here = ids.external(number);
      if (id !== here) refuse(`whose ${kind} ${number} is "${id}" and here "${here}"`);
      number++;
    }
  } finally {
    stream.destroy();
  }
  if (number < ids.first + ids.size) refuse(`of ${number - ids.first} ${kind}s and not ${ids.size}`);
}
