import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError } from '../errors.ts';
import { FEATURES_PREFIX } from '../features/store.ts';
import type { Model } from '../model.ts';
import { type ReadOptions, verify, withSafetensors } from './checkpoint-file.ts';

export interface LoadTablesOptions extends ReadOptions {
  /** The table of the file for each of the model, by the names of weights. */
  readonly tables: Readonly<Record<string, string>>;
}

/** How many rows of a table were taken from the file, of how many. */
export interface LoadedTable {
  readonly table: string;
  readonly rows: number;
  readonly of: number;
}

/**
 * Takes rows of tables of ids from a checkpoint of another model of the same data: the rows of the users and items that
 * it was trained on. The others, and all else of the model, stay as they are. Tables of users and items are told by
 * their fields, `user` and `item`; of other tables, and of those whose rows several ids share, all rows are taken.
 *
 * @throws CheckpointError for a table that is not there, or of another size: of other data, or wider.
 */
export function loadTables(file: string, model: Model, options: LoadTablesOptions): Promise<LoadedTable[]> {
  return withSafetensors(file, async (source) => {
    await verify(source, options);
    const loaded: LoadedTable[] = [];
    for (const [table, from] of Object.entries(options.tables)) {
      const variable = model.tables().get(table)?.variable;
      if (variable === undefined)
        throw new CheckpointError(
          `loadTables: expected tables of ids (${[...model.tables().keys()].join(', ') || 'there are none'}); got ${table}`,
          file,
        );
      const shape = source.tensors.get(from)?.shape;
      if (shape?.join() !== variable.shape.join())
        throw new CheckpointError(
          `loadTables: ${file}: expected ${from} of [${variable.shape.join(', ')}], for ${table}; got ${shape === undefined ? `none among ${[...source.tensors.keys()].filter((name) => name.endsWith('.weight')).join(', ')}` : `[${shape.join(', ')}]`}; it must be of the same data and as wide`,
          file,
        );
      const trained = await trainedRows(source, from, variable.shape[0]);
      const values = Float32Array.from(await source.read(from));
      const own = Float32Array.from(await variable.data());
      const width = variable.shape[1];
      let rows = 0;
      for (let row = 0; row < variable.shape[0]; row++) {
        if (!trained(row)) continue;
        own.set(values.subarray(row * width, (row + 1) * width), row * width);
        rows++;
      }
      tf.tidy(() => variable.assign(tf.tensor2d(own, variable.shape)));
      loaded.push({ table, rows, of: variable.shape[0] });
    }
    return loaded;
  });
}

type Source = Parameters<Parameters<typeof withSafetensors>[1]>[0];

/** Which rows of a table the model of the file was trained on; row 0 stands for those that it was not. */
async function trainedRows(source: Source, table: string, size: number): Promise<(row: number) => boolean> {
  const [, field] = /\.(user|item)\.weight$/.exec(table) ?? [];
  const name = field === 'user' ? `${FEATURES_PREFIX}users/trained` : `${FEATURES_PREFIX}trained`;
  if (field === undefined || !source.tensors.has(name)) return (row) => row > 0 || field === undefined;
  const trained = await source.read(name);
  // Users count from 0, and their rows from 1; items have the rows of their ids.
  const first = field === 'user' ? 1 : 0;
  // Rows of a table that several ids share are no ids.
  if (size !== trained.length + first) return () => true;
  return (row) => row > 0 && trained[row - first] === 1;
}
