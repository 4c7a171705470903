import { knownHostValues, rememberHostValues, rowSet } from '@seqrec/core';
import type { Collective } from '@seqrec/core/collectives';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { mapItemIds, uploadBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import { storedRows } from '../layers/stored-rows.ts';
import { withTableRows } from '../layers/table-rows.ts';
import { shardOf, type TableShard } from '../layers/table-shards.ts';
import { isTokenEncoder, type Model, type TableRows } from '../model.ts';
import type { DrawnItems } from '../objectives/objective.ts';
import type { BatchPart } from '../tasks/part.ts';
import type { Task, TaskContext } from '../tasks/task.ts';
import { type PartRun, type PartSums, partsOfRank, sumOverRanks } from './ranks.ts';
import { readsLater } from './reads-later.ts';
import { TreeSum } from './reduce.ts';
import type { RowGradient } from './row-gradient.ts';
import { fetchRows, gatherTable, type ShardedRows, sumRowGradients, sumTableGradient } from './sharded-rows.ts';
import type { WeightOwners } from './weight-owners.ts';
import { isSharded } from './whole-tables.ts';

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

/** Some sequences of the batch of a step. */
export interface StepPart {
  /** Which of the parts of the batch it is, from 0. */
  readonly index: number;
  readonly batch: SequenceBatch;
  readonly at: BatchPart;
}

export interface StepRequest {
  readonly model: Model;
  readonly task: Task;
  /** In the order of the batch; those without a token or an example to learn from are left out. */
  readonly parts: readonly StepPart[];
  /** Parts of the batch, those that are left out as well. */
  readonly count: number;
  readonly run: Run;
  /** Names of the tables that are trained by rows. */
  readonly rowwise?: readonly string[];
  /** The other ranks of the step: each computes a run of the parts, and all get the gradients of the whole. */
  readonly ranks?: Collective;
  /** Ranks to which the gradient of a weight goes, in the place of all; absent: to all. */
  readonly owners?: WeightOwners;
  /** Called when the rows of the step have been read: the moment to prefetch those of the next. */
  readonly onRowsRead?: () => void;
}

/** The rows of a table that a step reads; of a sharded one also how they came: absent when it is all of them. */
interface Leaf extends TableRows {
  readonly rows: tf.Variable<tf.Rank.R2>;
  readonly shard?: TableShard;
  readonly fetched?: ShardedRows;
}

/** What the parts of a step share when some tables are trained by rows. */
interface PreparedStep {
  readonly model: Model;
  readonly parts: readonly (StepPart & { readonly drawn: DrawnItems })[];
  /** The leaf of each table, by its name among the weights. */
  readonly leaves: ReadonlyMap<string, Leaf>;
  readonly rowIds?: Int32Array;
  /** Runs a forward pass with rows in the place of tables. */
  forward<T>(run: () => T): T;
  dispose(): void;
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
    run: firstSequence === 0 ? run : { ...run, before: { sequences: firstSequence, tokens: firstToken } },
  };
  const variables = trainedWith(model, leaves, [...leaves.values()]);
  try {
    let weight = 0;
    let kept: tf.Scalar | undefined;
    const { value, grads } = tf.tidy(() =>
      tf.variableGrads(() => {
        const made = forward(() => task.loss(context));
        weight = made.weight;
        const loss = single ? (tf.div(made.sum, weight || 1) as tf.Scalar) : made.sum;
        kept = tf.keep(tf.clone(loss));
        // Once a step; the parts are divided by the weight of all, which the penalty is not.
        const penalty = single && isFirst ? model.penalty?.() : undefined;
        return penalty === undefined ? loss : (tf.add(loss, penalty) as tf.Scalar);
      }, [...variables]),
    );
    value.dispose();
    return { loss: kept!, weight, grads };
  } finally {
    uploaded.dispose();
  }
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
  const { value, grads } = tf.tidy(() => tf.variableGrads(() => penalty.call(model), [...model.variables().values()]));
  value.dispose();
  total.add(grads);
  return total.finish();
}

/** Left to right, as a sum over the parts of a step on one machine and on many. */
function addInOrder(losses: readonly tf.Scalar[]): tf.Scalar {
  return losses.reduce((sum, loss) => tf.add(sum, loss) as tf.Scalar);
}

/** The parts that this rank computes. */
function ownParts({ parts, count, ranks }: StepRequest): readonly StepPart[] {
  const { from, to } = partsOfRank(count, ranks);
  return parts.filter(({ index }) => index >= from && index < to);
}

function prepared(
  request: StepRequest & { readonly rowwise: readonly string[] },
): Promise<PreparedStep> | PreparedStep {
  if (request.rowwise.length > 0) return rowStep(request);
  return isSharded(request.model) ? wholeStep(request) : plainStep(request);
}

/** A step that reads all of tables that lie on several ranks: they are whole on each for as long as it takes. */
async function wholeStep(request: StepRequest): Promise<PreparedStep> {
  const { model } = request;
  const leaves = new Map<string, Leaf>();
  for (const [name, { variable }] of model.tables()) {
    const shard = shardOf(variable);
    if (shard === undefined) continue;
    const values = await gatherTable(shard, variable);
    const rows = tf.tidy(() => tf.variable(tf.tensor2d(values, [shard.rows, shard.width])));
    const ids = Int32Array.from({ length: shard.rows }, (_, id) => id);
    leaves.set(name, { rows: rows as tf.Variable<tf.Rank.R2>, ids, indicesOf: (of) => of, shard });
  }
  const { dispose, ...plain } = plainStep(request);
  return {
    ...plain,
    model: model.withRows!(leaves),
    leaves,
    dispose: () => {
      dispose();
      tf.dispose(Array.from(leaves.values(), ({ rows }) => rows));
    },
  };
}

function plainStep(request: StepRequest): PreparedStep {
  const { model, task, run } = request;
  const withDrawn = ownParts(request).map((part) => ({ ...part, drawn: drawFor(model, task, part, run, false) }));
  return {
    model,
    parts: withDrawn,
    leaves: new Map(),
    forward: (forward) => forward(),
    dispose: () => tf.dispose(withDrawn.map(({ drawn }) => drawn)),
  };
}

function drawFor(model: Model, task: Task, { batch, at }: StepPart, run: Run, onHost: boolean): DrawnItems {
  return tf.tidy(() => task.draw?.({ model, batch, part: at, run, onHost }) ?? {});
}

/**
 * A step with tables as rows: the distinct rows that the batch and what is drawn for it read are gathered into a
 * table of their own, ids become places in it, and that table is the leaf of the tape. Nothing in the step is as long
 * as the catalogue.
 */
async function rowStep(request: StepRequest & { readonly rowwise: readonly string[] }): Promise<PreparedStep> {
  const { model, task, run, rowwise } = request;
  const { whole } = request.parts[0].at;
  // Of a sharded table a rank needs the rows of its own parts; what stands on every rank is added up row by row.
  const areSharded = rowwise.every((name) => shardOf(variableOf(model, name)) !== undefined);
  const parts = areSharded ? ownParts(request) : request.parts;
  const drawnOf = parts.map((part) => drawFor(model, task, part, run, readsLater()));
  const drawnIds = await Promise.all(
    drawnOf.map((drawn) => Promise.all(Object.values(drawn).map(async (ids) => (await onHost(ids)) as Int32Array))),
  );
  // As drawn: places in the rows come later.
  const shared = drawnOf.map((drawn) => task.sharedItems?.(whole, drawn, run) ?? []);
  const items = isTokenEncoder(model) ? model.itemTable() : undefined;
  const leaves = new Map<string, Leaf>();
  let itemRows: TableRows | undefined;
  for (const name of rowwise) {
    const table = model.tables().get(name)!;
    const { variable, store } = table;
    const shard = shardOf(variable);
    const drawnItems = variable === items ? drawnIds.flat() : [];
    const lists = areSharded
      ? parts.flatMap(({ batch }, p) => [...table.idsOf(batch), ...(variable === items ? shared[p] : [])])
      : table.idsOf(whole);
    const set = rowSet(shard?.rows ?? store?.layout.rows ?? variable.shape[0], [...lists, ...drawnItems]);
    const fetched = shard && (await fetchRows(shard, variable, set.ids));
    const stored = store && (await storedRows(store, set.ids));
    const rows = tf.tidy(() => {
      if (fetched !== undefined) return tf.variable(tf.tensor2d(fetched.rows, [set.ids.length, shard!.width]));
      return tf.variable(stored ?? tf.gather(variable, tf.tensor1d(set.ids, 'int32')));
    });
    stored?.dispose();
    leaves.set(name, { ...set, rows: rows as tf.Variable<tf.Rank.R2>, ...(fetched && { shard, fetched }) });
    if (variable === items) itemRows = leaves.get(name);
  }
  request.onRowsRead?.();
  const indicesOf = itemRows && (areSharded ? placesOrNone(itemRows) : itemRows.indicesOf);
  const mapped = (batch: SequenceBatch): SequenceBatch =>
    indicesOf === undefined ? batch : mapItemIds(batch, indicesOf);
  const mappedWhole = mapped(whole);
  const places = drawnOf.map((drawn, p) => {
    if (indicesOf === undefined) return drawn;
    const names = Object.keys(drawn);
    const own = names.map((name, i) => {
      const indices = indicesOf(drawnIds[p][i]);
      return [name, rememberHostValues(tf.tensor(indices, drawn[name].shape, 'int32'), indices)] as const;
    });
    tf.dispose(drawn);
    return Object.fromEntries(own);
  });
  const byVariable = new Map(Array.from(leaves, ([name, rows]) => [variableOf(model, name), rows] as const));
  return {
    model: model.withRows?.(leaves) ?? model,
    forward: (forward) => (model.withRows === undefined ? withTableRows(byVariable, forward) : forward()),
    parts: parts.map(({ index, batch, at }, p) => ({
      index,
      batch: batch === whole ? mappedWhole : mapped(batch),
      at: { ...at, whole: mappedWhole },
      drawn: places[p],
    })),
    leaves,
    ...(itemRows && { rowIds: itemRows.ids }),
    dispose: () => tf.dispose([...Array.from(leaves.values(), ({ rows }) => rows), places]),
  };
}

/** Of a rank's rows: what the batch of all ranks has besides has no place, and reading it would be an error. */
function placesOrNone({ ids, indicesOf }: TableRows): TableRows['indicesOf'] {
  return (list) => {
    const places = indicesOf(list);
    for (let i = 0; i < list.length; i++) if (ids[places[i]] !== list[i]) places[i] = -1;
    return places;
  };
}

function variableOf(model: Model, name: string): tf.Variable {
  return model.tables().get(name)!.variable;
}

function onHost(ids: tf.Tensor): tf.TypedArray | Promise<tf.TypedArray> {
  return knownHostValues(ids) ?? ids.data();
}
