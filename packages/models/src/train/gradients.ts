import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import { tapedGradients } from '../layers/taped-gradients.ts';
import type { Model } from '../model.ts';
import type { BatchPart } from '../tasks/part.ts';
import type { TaskContext } from '../tasks/task.ts';
import { type Leaf, type PreparedStep, prepared, type StepRequest, variableOf } from './prepare-step.ts';
import { type PartRun, type PartSums, partsOfRank, sumOverRanks } from './ranks.ts';
import { TreeSum } from './reduce.ts';
import type { RowGradient } from './row-gradient.ts';
import { sumRowGradients, sumTableGradient } from './sharded-rows.ts';

/** Loss and gradients of one step; the caller disposes the tensors with {@link disposeGradients}. */
export interface StepGradients {
  /** The mean: what the optimiser minimises, without the model's penalty. */
  readonly loss: tf.Scalar;
  /** What the loss was divided by. */
  readonly weight: number;
  /** By variable name; where the sums went to owners, those of this rank. */
  readonly dense: tf.NamedTensorMap;
  /** Names of the variables that have a dense gradient, on whatever rank; absent: those of `dense`. */
  readonly moved?: ReadonlySet<string>;
  /** By variable name, of the tables that are trained by rows. */
  readonly rows: ReadonlyMap<string, RowGradient>;
}

/**
 * Gradients of a step: those of its parts, one after the other, added up by {@link TreeSum} and divided once by what
 * all of them weigh. The loss of a batch of one part is divided inside the tape, which saves the pass over the
 * gradients. Among ranks each computes its own run of the parts, and sums of runs are added up by the same tree: the
 * bits are those of one process that computes all parts.
 */
export async function stepGradients(request: StepRequest): Promise<StepGradients> {
  const { rowwise = [], ranks, model } = request;
  const step = await prepared({ ...request, rowwise });
  try {
    const single = request.count === 1;
    const run = partsOfRank(request.count, ranks);
    const own = computeParts(request, step, { ...run, single });
    const sharded = await sumShardedLeaves(step, own.grads);
    const ofTables = await sumWholeLeaves(step, own.grads, model);
    const standWhole = [...step.leaves.values()].filter(({ shard }) => shard === undefined);
    const variables = trainedWith(model, step.leaves, standWhole);
    const { owners } = request;
    const all = ranks === undefined ? own : await sumOverRanks(own, variables, ranks, owners);
    Object.assign(all.grads, ofTables);
    const weight = all.weights.reduce((sum, each) => sum + each, 0);
    const dense = single ? all.grads : divided(all.grads, weight, model);
    const loss = tf.tidy(() => {
      if (all.losses.length === 0) return tf.scalar(0);
      return (single ? tf.clone(all.losses[0]) : tf.div(addInOrder(all.losses), weight || 1)) as tf.Scalar;
    });
    tf.dispose([...all.losses]);
    const rows = new Map<string, RowGradient>();
    for (const [name, { ids, grad }] of sharded) {
      rows.set(variableOf(model, name).name, { ids, grad: single ? grad : (tf.div(grad, weight || 1) as tf.Tensor2D) });
      if (!single) grad.dispose();
    }
    for (const [name, leaf] of step.leaves) {
      const { [leaf.rows.name]: grad } = dense;
      delete dense[leaf.rows.name];
      if (grad != null) rows.set(variableOf(model, name).name, { ids: leaf.ids, grad: grad as tf.Tensor2D });
    }
    if (owners === undefined) return { loss, weight, dense, rows };
    // Those of a penalty are there on every rank.
    const moved = new Set([...(all.trained ?? []).map(({ name }) => name), ...Object.keys(dense)]);
    return { loss, weight, dense, rows, moved };
  } finally {
    step.dispose();
  }
}

/** Gradients of sharded tables at the owners of their rows; takes those of the leaves out of what is added up else. */
async function sumShardedLeaves(
  { leaves }: PreparedStep,
  grads: tf.NamedTensorMap,
): Promise<ReadonlyMap<string, RowGradient>> {
  const sums = new Map<string, RowGradient>();
  for (const [name, { rows, shard, fetched }] of leaves) {
    if (shard === undefined || fetched === undefined) continue;
    const { [rows.name]: grad } = grads;
    delete grads[rows.name];
    const sum = await sumRowGradients(shard, fetched, grad ?? undefined);
    if (sum !== undefined) sums.set(name, sum);
    grad?.dispose();
  }
  return sums;
}

/** Gradients of sharded tables that stand whole in the step, by variable name, at the owners of their rows. */
async function sumWholeLeaves(
  { leaves }: PreparedStep,
  grads: tf.NamedTensorMap,
  model: Model,
): Promise<tf.NamedTensorMap> {
  const sums: tf.NamedTensorMap = {};
  for (const [name, { rows, shard, fetched }] of leaves) {
    if (shard === undefined || fetched !== undefined) continue;
    const { [rows.name]: grad } = grads;
    delete grads[rows.name];
    const sum = await sumTableGradient(shard, grad ?? undefined);
    if (sum !== undefined) sums[variableOf(model, name).name] = sum;
    grad?.dispose();
  }
  return sums;
}

/** The parts of a run, one after the other; those that are left out have their place in the tree. */
function computeParts(
  request: StepRequest,
  step: PreparedStep,
  { from, to, single }: PartRun & { readonly single: boolean },
): PartSums {
  const total = new TreeSum();
  const losses: tf.Scalar[] = [];
  const weights: number[] = [];
  const byIndex = new Map(step.parts.map((part) => [part.index, part]));
  try {
    for (let index = from; index < to; index++) {
      const part = byIndex.get(index);
      const made = part && partGradients(request, step, part, { single, isFirst: index === 0 });
      if (made !== undefined) {
        losses.push(made.loss);
        weights.push(made.weight);
      }
      total.add(made?.grads ?? {});
    }
    return { grads: total.finish(), losses, weights };
  } catch (error) {
    total.dispose();
    tf.dispose(losses);
    throw error;
  }
}

/** What has a gradient in a step, in an order that is the same on every rank: some leaves, then the weights as such. */
function trainedWith(model: Model, leaves: PreparedStep['leaves'], chosen: readonly Leaf[]): readonly tf.Variable[] {
  const whole = new Set([...leaves.keys()].map((name) => variableOf(model, name)));
  const rows = chosen.map((leaf) => leaf.rows);
  return [...rows, ...[...model.variables().values()].filter((variable) => !whole.has(variable))];
}

export function disposeGradients({ loss, dense, rows }: StepGradients): void {
  tf.dispose([loss, dense, ...Array.from(rows.values(), ({ grad }) => grad)]);
}

/** Loss and gradients of one part: of its mean when it is the only one, else of its sum. */
function partGradients(
  { task, run }: StepRequest,
  { model, leaves, rowIds, forward }: PreparedStep,
  { batch, at, drawn }: PreparedStep['parts'][number],
  { single, isFirst }: { readonly single: boolean; readonly isFirst: boolean },
): { readonly loss: tf.Scalar; readonly weight: number; readonly grads: tf.NamedTensorMap } {
  const uploaded = uploadBatch(batch);
  const { firstSequence, firstToken } = at;
  const context: TaskContext<Model> = {
    model,
    batch: uploaded,
    part: at,
    drawn,
    ...(rowIds && { rowIds }),
    run:
      firstSequence === 0
        ? run
        : { ...run, before: { sequences: firstSequence, tokens: firstToken, ...rowsBefore(at) } },
  };
  const variables = trainedWith(model, leaves, [...leaves.values()]);
  try {
    let weight = 0;
    let kept: tf.Scalar | undefined;
    const { value, grads } = tapedGradients((keep) => {
      const made = forward(() => task.loss(context));
      weight = made.weight;
      const loss = single ? (tf.div(made.sum, weight || 1) as tf.Scalar) : made.sum;
      kept = keep(tf.clone(loss));
      // Once a step; the parts are divided by the weight of all, which the penalty is not.
      const penalty = single && isFirst ? model.penalty?.() : undefined;
      return penalty === undefined ? loss : (tf.add(loss, penalty) as tf.Scalar);
    }, variables);
    value.dispose();
    return { loss: kept!, weight, grads };
  } finally {
    uploaded.dispose();
  }
}

/** Rows of requests before a part. */
function rowsBefore({ whole, firstSequence }: BatchPart): { readonly rows?: number } {
  return whole.rowOffsets === undefined ? {} : { rows: whole.rowOffsets[firstSequence] };
}

/** Sums over the parts as means, with the gradient of the model's penalty. */
function divided(summed: tf.NamedTensorMap, weight: number, model: Model): tf.NamedTensorMap {
  const out: tf.NamedTensorMap = {};
  for (const [name, grad] of Object.entries(summed)) {
    if (grad == null) continue;
    out[name] = tf.div(grad, weight || 1);
    grad.dispose();
  }
  const { penalty } = model;
  if (penalty === undefined) return out;
  const total = new TreeSum();
  total.add(out);
  const { value, grads } = tapedGradients(() => penalty.call(model), [...model.variables().values()]);
  value.dispose();
  total.add(grads);
  return total.finish();
}

/** Left to right, as a sum over the parts of a step on one machine and on many. */
function addInOrder(losses: readonly tf.Scalar[]): tf.Scalar {
  return losses.reduce((sum, loss) => tf.add(sum, loss) as tf.Scalar);
}
