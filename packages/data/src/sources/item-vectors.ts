import type { IdMap } from '../ids.ts';
import { ProblemLog, type RowProblem } from '../problems.ts';
import { chooseFile } from './choose-file.ts';
import { checkId } from './columns.ts';
import { readDelimited } from './delimited.ts';
import { openFiles } from './files.ts';
import { FloatIds } from './float-ids.ts';
import { decimal } from './plain-number.ts';
import { readContext } from './progress.ts';
import { quoted } from './rating-rows.ts';

/** Vectors of items from a file; `V` of them, `W` wide. */
export interface ItemVectors {
  readonly width: number;
  /** Dense ids of the items that have one, in the order of the file; shape `[V]`. */
  readonly items: Int32Array;
  /** Row-major, shape `[V, W]`. */
  readonly values: Float32Array;
  /** Items of the data without one, `numItems - V`. */
  readonly missing: number;
  /** Rows of items that the data do not have; they are skipped. */
  readonly unknown: number;
}

export interface ItemVectorsOptions {
  /** Ids of the items, `interactions.items`. */
  readonly items: IdMap;
  /** `error`: every item of the data must have a vector. `allow`: those without are counted. Default `error`. */
  readonly missing?: 'error' | 'allow';
}

const operation = 'readItemVectors';

/**
 * Reads item vectors: a delimited file (`.csv`, `.tsv` and so on, also `.gz` or in a zip) with a header line, the id
 * of an item in the first column, as in the data (`35.0` is their 35), and one number in each other column.
 *
 * ```
 * item,0,1,2
 * B0001,0.12,-0.5,1e-3
 * ```
 *
 * @throws {DataError} naming file and line: a number that is none, too few or too many of them, a repeated item;
 *   naming the file: no rows, or items without a vector unless those are allowed
 */
export async function readItemVectors(
  path: string,
  { items: ids, missing: rule = 'error' }: ItemVectorsOptions,
): Promise<ItemVectors> {
  const files = await openFiles(path);
  try {
    const name = chooseFile(operation, files, undefined);
    const hint = 'after a header line, each line holds an item as the data write it, then its numbers';
    const log = new ProblemLog({ operation, ...files.place(name), lenient: false, hint });
    const found: number[] = [];
    const rows: Float32Array[] = [];
    const seen = new Set<number>();
    const floats = new FloatIds({ find: (id) => ids.dense(id) });
    let names: readonly string[] = [];
    let unknown = 0;

    const row = (fields: readonly string[]): RowProblem | undefined => {
      const id = floats.read(fields[0].trim());
      const problem = checkId(id, 'item');
      if (problem !== undefined) return problem;
      const vector = numbers(fields, names);
      if (!(vector instanceof Float32Array)) return vector;
      const item = ids.dense(id);
      if (item === undefined) {
        unknown++;
        return undefined;
      }
      if (seen.has(item))
        return {
          reason: 'repeated-item',
          column: names[0],
          message: `expected distinct items; got ${quoted(id)} twice`,
          hint: 'keep one row of each',
        };
      seen.add(item);
      found.push(item);
      rows.push(vector);
      return undefined;
    };

    await readDelimited(
      readContext({}).counted(files, name, () => rows.length),
      {},
      log,
      {
        header: true,
        first(fields) {
          names = fields.map((field) => field.trim());
        },
        row,
      },
    );
    if (rows.length === 0)
      throw log.error(undefined, {
        reason: 'no-rows',
        message: `expected vectors of items of the data; got ${unknown === 0 ? 'none' : `${unknown}, all of items that the data do not have`}`,
      });
    const missing = ids.size - rows.length;
    if (missing > 0 && rule === 'error') throw log.error(undefined, missingItems(ids, seen, missing));
    const width = names.length - 1;
    const values = new Float32Array(rows.length * width);
    for (const [i, vector] of rows.entries()) values.set(vector, i * width);
    return { width, items: Int32Array.from(found), values, missing, unknown };
  } finally {
    files.close();
  }
}

/** The numbers of a row, after its item, or what is wrong with one. */
function numbers(fields: readonly string[], names: readonly string[]): Float32Array | RowProblem {
  const vector = new Float32Array(fields.length - 1);
  for (let i = 1; i < fields.length; i++) {
    const text = fields[i];
    // Rounded to a float: 1e39 is none.
    vector[i - 1] = decimal(text);
    if (Number.isFinite(vector[i - 1])) continue;
    return {
      reason: 'bad-number',
      column: names[i],
      message: `expected a finite number in column ${quoted(names[i])}; got ${quoted(text)}`,
    };
  }
  return vector;
}

function missingItems(ids: IdMap, seen: ReadonlySet<number>, missing: number) {
  const first: string[] = [];
  for (let item = ids.first; first.length < 5 && item < ids.first + ids.size; item++) {
    if (!seen.has(item)) first.push(quoted(ids.external(item)));
  }
  const more = missing > first.length ? ', ...' : '';
  return {
    reason: 'missing-items',
    message: `expected a vector for each of the ${ids.size} items of the data; got none for ${missing}: ${first.join(', ')}${more}`,
    hint: 'add them, or let items without one start at random',
  };
}
