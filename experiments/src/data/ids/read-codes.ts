import { type Interactions, readItemVectors } from '@seqrec/data';
import { RunError } from '../../errors.ts';
import { findFile } from './find-file.ts';

/** Codes of all items from a delimited file: a header, then the item and its codes, whole numbers from 0. */
export async function readCodes(
  name: string,
  { items, numItems }: Interactions,
): Promise<{ readonly levels: number; readonly values: Int32Array }> {
  const path = findFile(name);
  const { width, items: found, values } = await readItemVectors(path, { items });
  const codes = new Int32Array(numItems * width);
  for (const [row, item] of found.entries()) {
    for (let level = 0; level < width; level++) {
      const code = values[row * width + level];
      if (!Number.isInteger(code) || code < 0 || code >= 65_536)
        throw new RunError(
          `${path}: expected codes that are whole numbers from 0 to 65535; got ${code} for the item ${items.external(item)}`,
        );
      codes[(item - 1) * width + level] = code;
    }
  }
  return { levels: width, values: codes };
}
