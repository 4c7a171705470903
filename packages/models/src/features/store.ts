import { type EncodedColumn, encodedShape } from '@seqrec/data';
import { CheckpointError } from '../errors.ts';
import type { StoredArray } from '../io/safetensors-file.ts';
import type { FittedFeature, FittedFeatures } from './fitted.ts';

/** Begins the names of the tensors that features keep in a checkpoint, beside the weights. */
export const FEATURES_PREFIX = 'item_features/';
/** Names of the tensors of one table. */
interface TensorNames {
  readonly trained: string;
  values(feature: string): string;
  lists(feature: string): string;
  offsets(feature: string): string;
}

const namesUnder = (prefix: string): TensorNames => ({
  trained: `${prefix}trained`,
  values: (feature) => `${prefix}column/${feature}`,
  lists: (feature) => `${prefix}lists/${feature}`,
  offsets: (feature) => `${prefix}offsets/${feature}`,
});
const ITEMS = namesUnder(FEATURES_PREFIX);
const USERS = namesUnder(`${FEATURES_PREFIX}users/`);

/** What features know of the items and the users, as tensors of a checkpoint; the rest is JSON. */
export function featureTensors(fitted: FittedFeatures | undefined): Map<string, StoredArray> {
  const tensors = new Map<string, StoredArray>();
  if (fitted === undefined) return tensors;
  const add = (names: TensorNames, trained: Uint8Array, columns: FittedFeatures['items']): void => {
    tensors.set(names.trained, Int32Array.from(trained));
    for (const [feature, encoded] of columns) {
      tensors.set(names.values(feature), encoded.values);
      if (encoded.kind !== 'rows') continue;
      tensors.set(names.offsets(feature), encoded.offsets);
      tensors.set(names.lists(feature), encoded.lists as Int32Array);
    }
  };
  add(ITEMS, fitted.trained, fitted.items);
  if (fitted.users !== undefined) add(USERS, fitted.users.trained, fitted.users.columns);
  return tensors;
}

/** Names of the tensors of `trained`, of items and of users, and those of a model's features. */
export function trainedTensors(fitted: FittedFeatures | undefined): Map<string, Uint8Array | undefined> {
  return new Map([
    [ITEMS.trained, fitted?.trained],
    [USERS.trained, fitted?.users?.trained],
  ]);
}

/** The features themselves, as the state of a checkpoint has them. */
export function featuresState(fitted: FittedFeatures | undefined): Record<string, unknown>[] | undefined {
  return fitted?.features.map((feature) => ({ ...feature }));
}

type Tensor = (name: string, length?: number) => Promise<StoredArray>;

/** The fitted features of a checkpoint whose state has some. @throws CheckpointError for tensors that do not fit. */
export async function readFeatures(
  state: { readonly features?: readonly Readonly<Record<string, unknown>>[]; readonly numItems: number },
  read: (name: string) => StoredArray | undefined | Promise<StoredArray | undefined>,
  file: string,
): Promise<FittedFeatures | undefined> {
  if (state.features === undefined) return undefined;
  const features = state.features as unknown as FittedFeature[];
  const rows = state.numItems + 1;
  const tensor: Tensor = async (name, length) => {
    const found = await read(name);
    if (found !== undefined && (length === undefined || found.length === length)) return found;
    const expected = length === undefined ? '' : ` of ${length} numbers`;
    throw new CheckpointError(
      `checkpoint: ${file}: expected the tensor '${name}'${expected}; got ${found === undefined ? 'none' : found.length}; another program may have dropped what the features of the model know of the items`,
      file,
    );
  };
  const columnsOf = async (table: 'items' | 'users', names: TensorNames, length: number) => {
    const columns = new Map<string, EncodedColumn>();
    for (const feature of features) {
      if (feature.table === table) columns.set(feature.name, await column(feature, names, length, tensor));
    }
    return columns;
  };
  const items = await columnsOf('items', ITEMS, rows);
  const fitted = { features, items, trained: Uint8Array.from(await tensor(ITEMS.trained, rows)) };
  const users = await read(USERS.trained);
  if (users === undefined) return fitted;
  return {
    ...fitted,
    users: { columns: await columnsOf('users', USERS, users.length), trained: Uint8Array.from(users) },
  };
}

async function column(
  { name, transform }: FittedFeature,
  { values: valuesName, lists: listsName, offsets: offsetsName }: TensorNames,
  rows: number,
  tensor: Tensor,
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
