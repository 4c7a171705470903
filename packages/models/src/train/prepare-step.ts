import { knownHostValues, rememberHostValues, rowSet } from '@seqrec/core';
import type { Collective } from '@seqrec/core/collectives';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { mapItemIds } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import { storedRows } from '../layers/stored-rows.ts';
import { withTableRows } from '../layers/table-rows.ts';
import type { TableShard } from '../layers/table-shard.ts';
import { shardOf } from '../layers/table-shards.ts';
import { isTokenEncoder, type Model, type TableRows } from '../model.ts';
import type { DrawnItems } from '../objectives/objective.ts';
import type { BatchPart } from '../tasks/part.ts';
import type { Task } from '../tasks/task.ts';
import { partsOfRank } from './ranks.ts';
import { readsLater } from './reads-later.ts';
import { fetchRows, gatherTable, type ShardedRows } from './sharded-rows.ts';
import type { WeightOwners } from './weight-owners.ts';
import { isSharded } from './whole-tables.ts';

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
export interface Leaf extends TableRows {
  readonly rows: tf.Variable<tf.Rank.R2>;
  readonly shard?: TableShard;
  readonly fetched?: ShardedRows;
}

/** What the parts of a step share when some tables are trained by rows. */
export interface PreparedStep {
  readonly model: Model;
  readonly parts: readonly (StepPart & { readonly drawn: DrawnItems })[];
  /** The leaf of each table, by its name among the weights. */
  readonly leaves: ReadonlyMap<string, Leaf>;
  readonly rowIds?: Int32Array;
  /** Runs a forward pass with rows in the place of tables. */
  forward<T>(run: () => T): T;
  dispose(): void;
}

/** The parts that this rank computes. */
function ownParts({ parts, count, ranks }: StepRequest): readonly StepPart[] {
  const { from, to } = partsOfRank(count, ranks);
  return parts.filter(({ index }) => index >= from && index < to);
}

/** What a step reads, gathered: all weights as they are, or rows in the place of tables. */
export function prepared(
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
  const shared = areSharded ? drawnOf.map((drawn) => task.sharedItems?.(whole, drawn, run) ?? []) : [];
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
      at: { ...at, whole: mappedWhole, ...(indicesOf && { wholeIds: whole }) },
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

export function variableOf(model: Model, name: string): tf.Variable {
  return model.tables().get(name)!.variable;
}

function onHost(ids: tf.Tensor): tf.TypedArray | Promise<tf.TypedArray> {
  return knownHostValues(ids) ?? ids.data();
}
