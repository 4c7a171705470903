import { knownHostValues, rememberHostValues, rowSet } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { itemIdsOf, mapItemIds, uploadBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import type { SequenceModel } from '../model.ts';
import type { Objective, ObjectiveContext } from '../objectives/objective.ts';
import { readsLater } from './reads-later.ts';

/** Loss and gradients of one step; the caller disposes the tensors with {@link disposeGradients}. */
export interface StepGradients {
  readonly loss: tf.Scalar;
  /** By variable name. */
  readonly dense: tf.NamedTensorMap;
  /** Of the rows of the item table that the step reads, with row-wise training. */
  readonly itemRows?: { readonly ids: Int32Array; readonly grad: tf.Tensor2D };
}

interface StepRequest {
  readonly model: SequenceModel;
  readonly objective: Objective;
  readonly batch: SequenceBatch;
  readonly run: Run;
}

/** Gradients of all variables, the whole item table among them. */
export function denseGradients({ model, objective, batch, run }: StepRequest): StepGradients {
  const drawn = tf.tidy(() => objective.draw?.({ batch, numItems: model.numItems, run }) ?? {});
  const uploaded = uploadBatch(batch);
  try {
    const variables = [...model.variables().values()];
    const { value, grads } = tapeOf(objective, { model, batch: uploaded, drawn, run }, variables);
    return { loss: value, dense: grads };
  } finally {
    uploaded.dispose();
    tf.dispose(drawn);
  }
}

/**
 * Gradients with the item table as rows: the step's distinct items, from the batch and from `objective.draw`, are
 * gathered into a table of their own, ids become places in it, and that table is the leaf of the tape. Nothing in the
 * step is as long as the catalogue.
 */
export async function rowwiseGradients({ model, objective, batch, run }: StepRequest): Promise<StepGradients> {
  const table = model.itemTable();
  const drawn = tf.tidy(() => objective.draw!({ batch, numItems: model.numItems, run, onHost: readsLater() }));
  const names = Object.keys(drawn);
  const drawnIds = (await Promise.all(names.map((name) => onHost(drawn[name])))) as Int32Array[];
  const { ids, indicesOf } = rowSet(table.shape[0], [...itemIdsOf(batch), ...drawnIds]);
  const places = Object.fromEntries(
    names.map((name, i) => {
      const indices = indicesOf(drawnIds[i]);
      return [name, rememberHostValues(tf.tensor(indices, drawn[name].shape, 'int32'), indices)];
    }),
  );
  tf.dispose(drawn);
  const uploaded = uploadBatch(mapItemIds(batch, indicesOf));
  const rows = tf.tidy(() => tf.variable(tf.gather(table, tf.tensor1d(ids, 'int32')))) as tf.Variable<tf.Rank.R2>;
  try {
    const variables = [...model.variables().values()].filter((variable) => variable !== table);
    const view = model.withItemRows(rows, ids);
    const context = { model: view, batch: uploaded, drawn: places, rowIds: ids, run };
    const { value, grads } = tapeOf(objective, context, [rows, ...variables]);
    const { [rows.name]: grad, ...dense } = grads;
    return { loss: value, dense, itemRows: { ids, grad: grad as tf.Tensor2D } };
  } finally {
    uploaded.dispose();
    tf.dispose([rows, places]);
  }
}

function onHost(ids: tf.Tensor): tf.TypedArray | Promise<tf.TypedArray> {
  return knownHostValues(ids) ?? ids.data();
}

export function disposeGradients({ loss, dense, itemRows }: StepGradients): void {
  tf.dispose([loss, dense, itemRows?.grad]);
}

function tapeOf(
  objective: Objective,
  context: ObjectiveContext,
  variables: tf.Variable[],
): { value: tf.Scalar; grads: tf.NamedTensorMap } {
  return tf.tidy(() => tf.variableGrads(() => objective.loss(context), variables));
}
