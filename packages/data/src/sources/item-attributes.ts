import { DataError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { withItemTerms } from '../terms/with-item-terms.ts';
import { fileBeside } from './choose-file.ts';
import type { FileSet } from './file-set.ts';

/** The file of attributes beside the one of a data set's events, if there is one. */
export function findAttributes(files: FileSet, events: string): string | undefined {
  return fileBeside(files, events, /^item2attributes\.json(\.gz)?$/);
}

/**
 * The data with the attributes of items as a column of ids, `attributes`: `{"ITEM": [1, 7, ...], ...}`, as S3-Rec has
 * them. Items that it does not name have none; those that are not in the data are counted.
 *
 * @throws {DataError} `bad-json` for a file that is something else.
 */
export async function withAttributes(
  interactions: Interactions,
  files: FileSet,
  name: string,
  operation: string,
): Promise<Interactions> {
  const listed = parsed(await textOf(files, name), (problem) => {
    const details = { code: 'bad-json', ...files.place(name) };
    return new DataError(operation, `expected an object of lists of attributes, an item each; got ${problem}`, details);
  });
  const { items, numItems } = interactions;
  const terms = Array.from({ length: numItems }, (_, i) => listed.get(items.external(i + 1)) ?? []);
  const known = terms.reduce((sum, own) => sum + Number(own.length > 0), 0);
  const foreign = [...listed.keys()].filter((item) => items.dense(item) === undefined).length;
  return withItemTerms(interactions, {
    name: 'attributes',
    terms,
    step: {
      name: 'item-attributes',
      detail: `Read attributes of ${known} items, and of ${foreign} that are not in the data.`,
      params: {},
      counts: { items: known, foreign },
    },
  });
}

async function textOf(files: FileSet, name: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of files.chunks(name)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

function parsed(text: string, error: (problem: string) => DataError): Map<string, string[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw error((cause as Error).message);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw error(JSON.stringify(value).slice(0, 40));
  return new Map(
    Object.entries(value).map(([item, list]) => {
      const isList = Array.isArray(list) && list.every((each) => ['number', 'string'].includes(typeof each));
      if (!isList) throw error(`${JSON.stringify(list).slice(0, 40)} for the item ${item}`);
      return [item, [...new Set((list as (number | string)[]).map(String))]];
    }),
  );
}
