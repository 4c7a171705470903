import { type EncodedColumn, encodedShape, type FittedTransform } from '@seqrec/data';
import { CheckpointError } from '../errors.ts';
import type { StoredArray } from '../io/safetensors-file.ts';
import type { FittedFeature, FittedFeatures } from './fitted.ts';

/** Begins the names of the tensors that features keep in a checkpoint, beside the weights. */
export const FEATURES_PREFIX = 'item_features/';
const TRAINED = `${FEATURES_PREFIX}trained`;

const valuesName = (name: string): string => `${FEATURES_PREFIX}column/${name}`;
const listsName = (name: string): string => `${FEATURES_PREFIX}lists/${name}`;
const offsetsName = (name: string): string => `${FEATURES_PREFIX}offsets/${name}`;

/** What features know of the items, as tensors of a checkpoint; the rest is JSON. */
export function featureTensors(fitted: FittedFeatures | undefined): Map<string, StoredArray> {
  const tensors = new Map<string, StoredArray>();
  if (fitted === undefined) return tensors;
  tensors.set(TRAINED, Int32Array.from(fitted.trained));
  for (const [name, column] of fitted.items) {
    tensors.set(valuesName(name), column.values);
    if (column.kind !== 'rows') continue;
    tensors.set(offsetsName(name), column.offsets);
    tensors.set(listsName(name), column.lists as Int32Array);
  }
  return tensors;
}

/** The fitted features of a checkpoint whose state has some. @throws CheckpointError for tensors that do not fit. */
export async function readFeatures(
  state: { readonly features?: readonly Readonly<Record<string, unknown>>[]; readonly numItems: number },
  read: (name: string) => StoredArray | undefined | Promise<StoredArray | undefined>,
  file: string,
): Promise<FittedFeatures | undefined> {
  if (state.features === undefined) return undefined;
  const features = state.features as unknown as FittedFeature[];
  const rows = state.numItems + 1;
  const tensor = async (name: string, length?: number): Promise<StoredArray> => {
    const found = await read(name);
    if (found !== undefined && (length === undefined || found.length === length)) return found;
    const expected = length === undefined ? '' : ` of ${length} numbers`;
    throw new CheckpointError(
      `checkpoint: ${file}: expected the tensor '${name}'${expected}; got ${found === undefined ? 'none' : found.length}; another program may have dropped what the features of the model know of the items`,
      file,
    );
  };
  const items = new Map<string, EncodedColumn>();
  for (const { name, table, transform } of features) {
    if (table === 'items') items.set(name, await column(name, transform, rows, tensor));
  }
  return { features, items, trained: Uint8Array.from(await tensor(TRAINED, rows)) };
}

async function column(
  name: string,
  transform: FittedTransform,
  rows: number,
  tensor: (name: string, length?: number) => Promise<StoredArray>,
): Promise<EncodedColumn> {
  const shape = encodedShape(transform);
  switch (shape.kind) {
    case 'number':
      return {
        kind: 'number',
        width: shape.width,
        values: (await tensor(valuesName(name), rows * shape.width)) as Float32Array,
      };
    case 'row':
      return { kind: 'row', size: shape.size, values: (await tensor(valuesName(name), rows)) as Int32Array };
    case 'rows': {
      const lists = (await tensor(listsName(name), rows)) as Int32Array;
      const offsets = (await tensor(offsetsName(name))) as Int32Array;
      const values = (await tensor(valuesName(name), offsets.at(-1))) as Int32Array;
      return { kind: 'rows', size: shape.size, values, offsets, lists };
    }
  }
}
