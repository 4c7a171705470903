import { knownHostValues } from '@seqrec/core';
import { makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { Run } from '../layers/layer.ts';
import { isTokenEncoder, type Model } from '../model.ts';
import type { DrawnItems } from '../objectives/objective.ts';
import type { BatchPart } from '../tasks/part.ts';
import { partBounds } from '../tasks/part.ts';
import { batchColumns } from '../train/columns.ts';
import type { Trainer } from '../train/trainer.ts';
import { type StandIn, withStandIn, zipfIds } from './stand-in.ts';

/** Ids in the place of those of one table. */
export type TableStandIn = StandIn & { readonly table: string };

/** A step of a trainer. */
export interface StepPlace {
  readonly epoch: number;
  readonly stepInEpoch: number;
  readonly globalStep: number;
}

/** The batch of a step, cut to ranks. */
export interface CutStep {
  readonly whole: SequenceBatch;
  readonly bounds: Int32Array;
  readonly run: Run;
  /** The part of each rank; nothing where it has nothing to learn from. */
  readonly parts: readonly ({ readonly batch: SequenceBatch; readonly at: BatchPart } | undefined)[];
}

/** The batch of a step, one range of its sequences a rank, cut by {@link partBounds}. */
export function cutStep(
  trainer: Trainer,
  { epoch, stepInEpoch, globalStep }: StepPlace,
  { ranks, standIn }: { readonly ranks: number; readonly standIn?: TableStandIn },
): CutStep {
  const { model, task } = trainer;
  const examples = trainer.epochExamples(epoch);
  const indices = trainer.batchIndices(epoch, stepInEpoch);
  const columns = batchColumns(model, task);
  const real = makeBatch(examples, indices, columns);
  const replaced = standIn !== undefined && isTokenEncoder(model);
  const whole = replaced ? withStandIn(real, standIn, globalStep) : real;
  const { offsets } = whole;
  const bounds = partBounds(offsets, ranks);
  const parts = Array.from({ length: ranks }, (_, rank) => {
    const [from, to] = [bounds[rank], bounds[rank + 1]];
    const [firstToken, end] = [offsets[from], offsets[to]];
    if (to === from || (end === firstToken && !task.readsEmptyHistories)) return undefined;
    const own = to - from === indices.length ? whole : makeBatch(examples, indices.subarray(from, to), columns);
    const batch = replaced
      ? { ...own, itemIds: whole.itemIds.subarray(firstToken, end), targets: whole.targets.subarray(firstToken, end) }
      : own;
    return { batch, at: { whole, firstSequence: from, firstToken } };
  });
  return { whole, bounds, parts, run: { training: true, step: globalStep, seed: trainer.options.seed } };
}

/** The ids that each rank looks up, lists of them by table and rank: of its part, and of what is drawn for that. */
export async function readsOf(
  { model, task }: Trainer,
  { whole, parts, run }: CutStep,
  standIn?: TableStandIn,
): Promise<Int32Array[][][]> {
  const tables = [...model.tables()];
  const items = isTokenEncoder(model) && tables.length > 0 ? model.itemTable() : undefined;
  const drawsFrom: Model = standIn === undefined ? model : { ...model, numItems: standIn.rows };
  const read: Int32Array[][][] = tables.map(() => parts.map(() => []));
  /** Stand-in ids of a table of fields so far, so that they count on from rank to rank. */
  let drawnBefore = 0;
  for (const [rank, part] of parts.entries()) {
    if (part === undefined) continue;
    const { batch, at } = part;
    const drawn = tf.tidy(() => task.draw?.({ model: drawsFrom, batch, part: at, run, onHost: true }) ?? {});
    const further = task.sharedItems?.(whole, drawn, run) ?? [];
    const drawnIds = await hostIds(drawn);
    for (const [t, [name, { variable, idsOf }]] of tables.entries()) {
      const isItems = variable === items;
      // A loss that does not name its items reads all of them.
      const all = isItems && !task.namesItems ? [everyRow(standIn?.rows ?? model.numItems)] : [];
      const lists = [...idsOf(batch), ...(isItems ? [...drawnIds, ...further] : []), ...all];
      if (standIn === undefined || isItems || standIn.table !== name) read[t][rank] = lists;
      else {
        const count = lists.reduce((sum, { length }) => sum + length, 0);
        read[t][rank] = [zipfIds(standIn, run.step, count, drawnBefore)];
        drawnBefore += count;
      }
    }
  }
  return read;
}

async function hostIds(drawn: DrawnItems): Promise<Int32Array[]> {
  const tensors = Object.values(drawn);
  const ids = await Promise.all(tensors.map(async (ids) => (knownHostValues(ids) ?? (await ids.data())) as Int32Array));
  tf.dispose(tensors);
  return ids;
}

function everyRow(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i + 1);
}
