import { readFileSync } from 'node:fs';
import { type Interactions, readItemVectors, readNpy } from '@seqrec/data';
import { decodeSafetensors, type ReadVectors, type Rows, readWholeFile } from '@seqrec/models';
import { RunError } from '../../errors.ts';
import { findFile } from './find-file.ts';

/**
 * Vectors of all items of a data set from `.npy`, safetensors (its only matrix) or a delimited file, a row an item.
 *
 * @throws RunError for a file of other items, or one whose rows could be any items.
 */
export const readVectors: ReadVectors = async (file, interactions) => {
  const path = findFile(file.path);
  const names = file.items === undefined ? undefined : findFile(file.items);
  if (path.endsWith('.npy')) {
    const { rows, width, values } = readNpy(path);
    return inOrderOfItems({ count: rows, width, values }, path, names, interactions);
  }
  if (path.endsWith('.safetensors')) return inOrderOfItems(await matrixOf(path), path, names, interactions);
  const { items, width, values } = await readItemVectors(path, { items: interactions.items });
  const all = new Float64Array(interactions.numItems * width);
  for (const [row, item] of items.entries()) {
    all.set(values.subarray(row * width, (row + 1) * width), (item - 1) * width);
  }
  return { count: interactions.numItems, width, values: all };
};

async function matrixOf(path: string): Promise<Rows> {
  const { tensors } = decodeSafetensors(await readWholeFile(path), path);
  const matrices = [...tensors].filter(([, { shape }]) => shape.length === 2);
  if (matrices.length !== 1)
    throw new RunError(
      `${path}: expected one tensor of two dimensions, [items, width]; got ${matrices.length}: ${[...tensors.keys()].join(', ')}`,
    );
  const [{ shape, data }] = matrices.map(([, tensor]) => tensor);
  return { count: shape[0], width: shape[1], values: Float64Array.from(data) };
}

/** Rows of the items of the data, whatever the order in the file. */
function inOrderOfItems(rows: Rows, path: string, names: string | undefined, interactions: Interactions): Rows {
  const { items, numItems } = interactions;
  const ids =
    names === undefined
      ? Array.from({ length: rows.count }, (_, row) => String(row + 1))
      : readFileSync(names, 'utf8').trimEnd().split(/\r?\n/);
  if (ids.length !== rows.count)
    throw new RunError(`${names}: expected the ids of the ${rows.count} rows of ${path}; got ${ids.length} lines`);
  const rowOf = new Map<string, number>();
  for (const [row, id] of ids.entries()) {
    if (rowOf.has(id))
      throw new RunError(`${names}:${row + 1}: expected distinct items; got "${id}" twice; keep one row of each`);
    rowOf.set(id, row);
  }
  const values = new Float64Array(numItems * rows.width);
  for (let item = 1; item <= numItems; item++) {
    const row = rowOf.get(items.external(item));
    if (row === undefined)
      throw new RunError(
        `${path}: expected a row for each of the ${numItems} items of ${interactions.name}; got ${rows.count} rows, none for the item ${items.external(item)}${names === undefined ? ', as they are taken to be the items 1, 2, 3, ...; name the file of their ids, one a line, in `items`' : ''}`,
      );
    values.set(rows.values.subarray(row * rows.width, (row + 1) * rows.width), (item - 1) * rows.width);
  }
  return { count: numItems, width: rows.width, values };
}
