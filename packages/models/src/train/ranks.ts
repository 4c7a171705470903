import { treeSum } from '@seqrec/core';
import type { Collective } from '@seqrec/core/collectives';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import type { WeightOwners } from './weight-owners.ts';

/** A run of neighbouring parts of a batch: `from` up to, without, `to`. */
export interface PartRun {
  readonly from: number;
  readonly to: number;
}

/** Sums over the parts of a run; the tensors are the holder's. */
export interface PartSums {
  /** Gradients by the name of the variable. */
  readonly grads: tf.NamedTensorMap;
  /** Loss and weight of each part that has something to learn from, in order. */
  readonly losses: readonly tf.Scalar[];
  readonly weights: readonly number[];
  /** Of a sum over ranks: what has a gradient on any of them. */
  readonly trained?: readonly tf.Variable[];
}

/**
 * Whether a number of parts can be spread over ranks so that the tree over the parts is the tree over each rank's own
 * and then the tree over ranks: each has the same number of them, a power of two.
 */
export function canSpread(parts: number, ranks: number): boolean {
  const own = parts / ranks;
  if (ranks === 1) return true;
  return Number.isSafeInteger(own) && own >= 1 && Number.isSafeInteger(Math.log2(own));
}

/** @throws ConfigError when the parts cannot be spread over the ranks. */
export function checkSpread(parts: number, ranks: number): void {
  if (canSpread(parts, ranks)) return;
  throw new ConfigError(
    `trainer: parts: expected 1, 2, 4, 8, ... parts of a batch for each of ${ranks} ranks; got ${parts} in all; ${ranks} and ${2 * ranks} would do`,
    'parts',
  );
}

/** The parts of a rank; all of them without ranks. */
export function partsOfRank(parts: number, ranks: Collective | undefined): PartRun {
  if (ranks === undefined) return { from: 0, to: parts };
  const own = parts / ranks.size;
  return { from: ranks.rank * own, to: (ranks.rank + 1) * own };
}

/** Numbers that a rank tells of a part: its loss, its weight. */
const PER_PART = 2;

/**
 * Adds up over the ranks what each has of its parts, and gives all of it to all. Losses are told part by part, so that
 * they are added up and divided as in one process. The sums of the gradients travel as one array of float32; where a
 * rank has no gradient of a weight it adds -0, which changes no bit of anything.
 *
 * Bytes that a rank sends: `4 n 2 (R - 1) / R` for `n` numbers, and the losses. With `owners` the sum of a weight that
 * has one goes to it alone: `4 (n - o)` bytes of a rank that owns `o` of the `n` numbers.
 *
 * @param variables what may have a gradient, in an order that is the same on all ranks.
 */
export async function sumOverRanks(
  own: PartSums,
  variables: readonly tf.Variable[],
  ranks: Collective,
  owners?: WeightOwners,
): Promise<PartSums> {
  const { parts, present } = await tellParts(own, variables, ranks);
  const trained = variables.filter((_, v) => present[v] === 1);
  const forAll = owners === undefined ? trained : trained.filter((variable) => owners.ownerOf(variable) === undefined);
  const grads: tf.NamedTensorMap = {};
  if (owners !== undefined) Object.assign(grads, await sumForOwners(own, trained, owners));
  if (owners === undefined || forAll.length > 0) {
    const length = numbersOf(forAll);
    Object.assign(grads, cut(await ranks.sum(await flatten(own, forAll), length, 'sum of gradients'), forAll));
  }
  tf.dispose(own.grads);
  return {
    grads,
    losses: parts.map(({ loss }) => tf.scalar(loss)),
    weights: parts.map(({ weight }) => weight),
    trained,
  };
}

/** Of the weights of each owner the gradients of all ranks, added up there: those of this rank. */
async function sumForOwners(
  own: PartSums,
  trained: readonly tf.Variable[],
  owners: WeightOwners,
): Promise<tf.NamedTensorMap> {
  const { ranks } = owners;
  const pieces: Float32Array[] = [];
  for (let r = 0; r < ranks.size; r++) {
    pieces.push(
      await flatten(
        own,
        trained.filter((variable) => owners.ownerOf(variable) === r),
      ),
    );
  }
  const sum = treeSum(await ranks.allToAll(pieces, 'gradients for their owners'));
  return cut(
    sum,
    trained.filter((variable) => owners.owns(variable)),
  );
}

/** Losses and weights of all parts in order, and which variables have a gradient on any rank. */
async function tellParts(
  { grads, losses, weights }: PartSums,
  variables: readonly tf.Variable[],
  ranks: Collective,
): Promise<{ readonly parts: { readonly loss: number; readonly weight: number }[]; readonly present: Uint8Array }> {
  const values = await Promise.all(losses.map((loss) => loss.data()));
  tf.dispose([...losses]);
  const told = new Float64Array(1 + PER_PART * losses.length + variables.length);
  told[0] = losses.length;
  for (const [p, [loss]] of values.entries()) told.set([loss, weights[p]], 1 + PER_PART * p);
  const flags = 1 + PER_PART * losses.length;
  for (const [v, { name }] of variables.entries()) told[flags + v] = grads[name] == null ? 0 : 1;
  const parts: { readonly loss: number; readonly weight: number }[] = [];
  const present = new Uint8Array(variables.length);
  for (const theirs of await ranks.allGather(told, 'losses of the parts')) {
    const [count] = theirs;
    for (let p = 0; p < count; p++) {
      const [loss, weight] = theirs.subarray(1 + PER_PART * p);
      parts.push({ loss, weight });
    }
    for (let v = 0; v < variables.length; v++) present[v] |= theirs[1 + PER_PART * count + v];
  }
  return { parts, present };
}

/** Gradients of some variables one after the other. */
async function flatten({ grads }: PartSums, trained: readonly tf.Variable[]): Promise<Float32Array> {
  // A rank whose parts are all left out adds nothing.
  const hasAny = Object.values(grads).some((grad) => grad != null);
  const flat = new Float32Array(hasAny ? numbersOf(trained) : 0);
  let at = 0;
  for (const { name, size } of hasAny ? trained : []) {
    const grad = grads[name];
    if (grad == null) flat.fill(-0, at, at + size);
    else flat.set((await grad.data()) as Float32Array, at);
    at += size;
  }
  return flat;
}

/** The inverse of {@link flatten}. */
function cut(flat: Float32Array, trained: readonly tf.Variable[]): tf.NamedTensorMap {
  const grads: tf.NamedTensorMap = {};
  let at = 0;
  for (const { name, shape, size } of trained) {
    grads[name] = tf.tensor(flat.subarray(at, at + size), shape, 'float32');
    at += size;
  }
  return grads;
}

function numbersOf(variables: readonly tf.Variable[]): number {
  return variables.reduce((sum, { size }) => sum + size, 0);
}
