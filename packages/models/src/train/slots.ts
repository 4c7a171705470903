import { RowwiseAdagrad, RowwiseAdagradColumns } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { StoredArray } from '../io/safetensors-file.ts';
import { declaredShape } from '../layers/layer.ts';
import { shardOf } from '../layers/table-shards.ts';
import type { Model } from '../model.ts';
import type { RowOptimizer } from './groups.ts';
import type { Update } from './update.ts';

/** What an optimiser keeps of a weight, on the backend or on the host. */
export type Slot = tf.Variable | { readonly values: StoredArray; readonly shape: readonly number[] } | OwnedSlot;

/** What the owner of a weight among ranks keeps of it; the others know its shape. */
export interface OwnedSlot {
  readonly owner: number;
  readonly shape: readonly number[];
  readonly owned?: tf.Variable;
}

/** Weights before averaging, where the weights of a file are averages. */
export const RAW = 'raw';

/** The state of the optimisers by weight and slot: `m` and `v`, with row-wise AdamW `steps`, `sum`, `momentum`. */
export function slotsOf(update: Update, model: Model): Map<string, Map<string, Slot>> {
  const { groups, rows, owners } = update;
  const all = new Map<string, Map<string, Slot>>();
  for (const [name, variable] of model.variables()) {
    const own = new Map<string, Slot>();
    const row = rows.get(name);
    if (row !== undefined) {
      for (const [slot, values] of Object.entries(row.state())) {
        if (values instanceof tf.Variable) own.set(slot, values);
        else if (typeof values !== 'number') own.set(slot, { values, shape: rowShape(slot, variable) });
      }
    }
    const owner = owners?.ownerOf(variable);
    const kept = groups.flatMap(({ optimizer }) => Object.entries(optimizer.state().get(variable.name) ?? {}));
    if (owner === undefined) for (const [slot, values] of kept) own.set(slot, values);
    // The same slots in the same order on every rank, whoever keeps them.
    else if (owners?.hasMoved(variable)) {
      const owned = new Map(kept);
      for (const [slot, shape] of slotShapes(update, name, variable)) {
        const values = owned.get(slot);
        own.set(slot, { owner, shape, ...(values && { owned: values }) });
      }
    }
    if (own.size > 0) all.set(name, own);
  }
  return all;
}

/** The shape of each slot that a weight has after its first step. */
export function slotShapes(
  { groups, rows }: Update,
  name: string,
  variable: tf.Variable,
): ReadonlyMap<string, readonly number[]> {
  const row = rows.get(name);
  if (row !== undefined) {
    const slots = keepsSums(row) ? ['sum'] : ['m', 'v', 'steps'];
    return new Map(slots.map((slot) => [slot, rowShape(slot, variable)]));
  }
  const group = groups.find(({ variables }) => variables.has(variable.name));
  return new Map((group?.slots ?? []).map((slot) => [slot, declaredShape(variable)]));
}

/** One number a row, but for the first moment. */
function rowShape(slot: string, variable: tf.Variable): readonly number[] {
  const shape = declaredShape(variable);
  return slot === 'm' ? shape : [shape[0]];
}

function keepsSums(row: RowOptimizer): row is RowwiseAdagrad | RowwiseAdagradColumns {
  return row instanceof RowwiseAdagrad || row instanceof RowwiseAdagradColumns;
}

/** Of a slot of a whole table, of one number a row or as wide as the table, what this rank keeps. */
function ownPart(variable: tf.Variable, values: StoredArray, byRow: boolean): StoredArray {
  const shard = shardOf(variable);
  return (byRow ? shard?.ofRows : shard)?.cut(values, 0) ?? values;
}

/** Puts saved state into the optimisers; `read` gives a slot of a weight. */
export async function loadSlots(
  update: Update,
  model: Model,
  saved: ReadonlyMap<string, readonly string[]>,
  iterations: number,
  readWhole: (slot: string, name: string) => Promise<StoredArray>,
): Promise<void> {
  const { groups, rows, owners } = update;
  const read = async (slot: string, name: string): Promise<StoredArray> =>
    ownPart(model.variables().get(name)!, await readWhole(slot, name), rows.has(name) && slot !== 'm');
  const loaded = new Map<string, Record<string, tf.Tensor>>();
  const moved: string[] = [];
  for (const [name, slots] of saved) {
    const variable = model.variables().get(name)!;
    const row = rows.get(name);
    if (row !== undefined && keepsSums(row)) {
      row.loadState({ sum: (await read('sum', name)) as Float32Array, iterations });
    } else if (row !== undefined) {
      const [m, v] = [(await read('m', name)) as Float32Array, (await read('v', name)) as Float32Array];
      row.loadState({ m, v, steps: (await read('steps', name)) as Int32Array });
    } else {
      if (slots.some((slot) => slot !== RAW)) moved.push(variable.name);
      if (owners?.ownerOf(variable) !== undefined && !owners.owns(variable)) continue;
      const own: Record<string, tf.Tensor> = {};
      for (const slot of slots) {
        if (slot !== RAW) own[slot] = tf.tensor((await read(slot, name)) as Float32Array, variable.shape);
      }
      if (Object.keys(own).length > 0) loaded.set(variable.name, own);
    }
  }
  for (const { optimizer, variables } of groups) {
    optimizer.loadState(new Map([...loaded].filter(([name]) => variables.has(name))), iterations);
  }
  owners?.resume(moved);
  tf.dispose([...loaded.values()]);
}
