import { interactionsFromArrays, leaveLastOut, type Split } from '@seqrec/data';
import { createModel, fitFeatures, type ModelConfigInput, type TokenEncoder } from '../browser.ts';
import { tinyConfigs } from './tiny.ts';

export const ITEMS = 20;
/** Only targets of the test part: no training event. */
export const COLD = [19, 20];

/**
 * Users who walk around a ring of items with genres, sizes and titles; two items stand at the end of histories alone.
 */
function world(): Split {
  const rows = Array.from({ length: 12 }, (_, user) => {
    const items = Array.from({ length: 6 }, (_, e) => 1 + ((user * 5 + e * 3) % 18));
    return [...items, user < 2 ? COLD[user] : 1 + ((user * 7) % 18)].map((item, e) => ({ user, item, time: 1e6 + e }));
  }).flat();
  const ids = Array.from({ length: ITEMS }, (_, i) => i + 1);
  return leaveLastOut(
    interactionsFromArrays({
      name: 'features',
      users: rows.map(({ user }) => user),
      items: rows.map(({ item }) => item),
      timestamps: rows.map(({ time }) => time),
      ratings: rows.map(({ item }) => 1 + (item % 5)),
      columns: {
        shared: { kind: 'id', values: rows.map(({ user }) => user) },
        dwell: { kind: 'number', values: rows.map(({ item, time }) => (item * 7 + time) % 11) },
        clicked: { kind: 'number', values: rows.map(({ item }) => item % 2) },
      },
      labels: ['clicked'],
      userColumns: {
        ids: Array.from({ length: 12 }, (_, user) => user),
        columns: {
          city: { kind: 'id', values: Array.from({ length: 12 }, (_, user) => (user === 3 ? null : user % 4)) },
        },
      },
      itemColumns: {
        ids,
        columns: {
          genres: { kind: 'ids', values: ids.map((item) => [`g${item % 3}`, ...(item % 2 ? ['odd'] : [])]) },
          size: { kind: 'number', values: ids.map((item) => (item === 4 ? null : item)) },
          shared: { kind: 'id', values: ids },
          pair: { kind: 'number', width: 2, values: ids.map((item) => [item, item % 3]) },
          title: { kind: 'text', values: ids.map((item) => `Thing ${item % 4}`) },
        },
      },
    }),
  );
}

export const FEATURES = [
  'genres',
  { column: 'size', encode: 'standardise' as const },
  'title',
  { column: 'dwell', buckets: 3 },
  'city',
];

/** Every encoder, and HSTU with contents and actions in turn. */
export const encoderNames = [
  'hstu',
  'hstu-actions',
  'sasrec',
  'transformer',
  'ligr',
  'transformer-plus-plus',
  'gru4rec',
  'pinnerformer',
  'fuxi-alpha',
];
export type Settings = Record<string, unknown>;

/** A tiny encoder with features. */
export const configOf = (name: string, settings: Settings = {}): ModelConfigInput =>
  ({ ...tinyConfigs[name], inputDropout: 0, features: FEATURES, ...settings }) as unknown as ModelConfigInput;

/** Its model, fitted on the training part. */
export function modelOf(split: Split, config: ModelConfigInput): TokenEncoder {
  const features = fitFeatures(config, split.train);
  return createModel(config, { numItems: ITEMS, seed: 5, ...(features && { features }) });
}

export const INFERENCE = { training: false, step: 0, seed: 0 };
export const split = world();

/** Value of each weight, on the host. */
export const weightsOf = (model: TokenEncoder) =>
  new Map(Array.from(model.variables(), ([name, variable]) => [name, variable.arraySync() as number[][]]));
