import { plateauStart } from '@seqrec/core';
import { CheckpointError } from '../errors.ts';
import { featuresState, featureTensors, readFeatures } from '../features/store.ts';
import { type StoredArray, type TensorBlocks, writeSafetensorsFile } from '../io/safetensors-file.ts';
import { declaredShape } from '../layers/layer.ts';
import type { TableShard } from '../layers/table-shard.ts';
import { shardOf } from '../layers/table-shards.ts';
import type { Model, TokenEncoder } from '../model.ts';
import { parseModelConfig } from '../registry.ts';
import { arrayBlocks, assignBlocks, ownedBlocks, variableBlocks } from './blocks.ts';
import { type CheckpointFile, type ReadOptions, withCheckpoint } from './checkpoint-file.ts';
import { type CheckpointExtra, type CheckpointState, checkpointMetadata, momentName } from './checkpoint-format.ts';
import { checkpointModel } from './checkpoint-model.ts';
import { encodeChecksums } from './checksums.ts';
import { differences } from './differences.ts';
import { checkWeights, setWeights } from './load-weights.ts';
import { defaultOptions } from './options.ts';
import { loadSlots, type OwnedSlot, RAW, type Slot, slotShapes, slotsOf } from './slots.ts';
import type { Trainer } from './trainer.ts';
import { averagedWeights } from './update.ts';
import type { WeightOwners } from './weight-owners.ts';
import { isSharded } from './whole-tables.ts';

/**
 * Writes weights, moments and position of a trainer to one safetensors file, atomically. Weights have the names of
 * `model.variables()`, moments `optimizer.m/NAME` and `optimizer.v/NAME`, with row-wise AdamW also
 * `optimizer.steps/NAME`, other optimisers likewise; with averaged weights those are the weights, and
 * `optimizer.raw/NAME` what they are averages of; the rest is JSON in the file's metadata. Big tables are written
 * block by block: no second copy is made.
 *
 * @param extra JSON to store with it, for example metrics.
 * @throws CheckpointError when a weight is not finite or the file cannot be written, DeviceLostError when they went
 *   with the GPU; the old file stays.
 */
export async function saveCheckpoint(file: string, trainer: Trainer, extra: CheckpointExtra = {}): Promise<void> {
  // The sums of the epoch need the loss of a step that is still on its way.
  await trainer.settle();
  const { model, update } = trainer;
  refuseStored(model, file);
  const tensors = checkpointTensors(trainer, file);
  const state: CheckpointState = {
    model: { ...model.config },
    numItems: model.numItems,
    ...(model.sizes && { sizes: model.sizes }),
    ...(model.features && { features: featuresState(model.features) }),
    position: { ...trainer.position },
    iterations: update.iterations,
    ...(update.average && { averaged: update.average.updates }),
    ...(trainer.options.schedule?.kind === 'plateau' && { plateau: update.plateau }),
    training: trainingIdentity(trainer),
  };
  await writeSafetensorsFile(file, tensors, (digests) =>
    checkpointMetadata(encodeChecksums(tensors, digests), state, extra),
  );
}

/**
 * Gives rank 0 what this rank has of tables and moments while it saves a checkpoint. For trainers whose checkpoints are
 * {@link isSavedTogether}: all ranks but 0 call this when rank 0 calls {@link saveCheckpoint}; the file is the same
 * whatever the ranks.
 */
export async function shareCheckpoint(trainer: Trainer): Promise<void> {
  await trainer.settle();
  for (const { shared, blocks } of checkpointTensors(trainer, 'a checkpoint of rank 0').values()) {
    if (shared) for await (const _ of blocks());
  }
}

/** Whether rank 0 has not all of a checkpoint: tables lie on several ranks, or what the optimiser keeps does. */
export function isSavedTogether({ model, update }: Trainer): boolean {
  return isSharded(model) || update.owners !== undefined;
}

/** A tensor of a checkpoint, and whether all ranks must read its blocks. */
type CheckpointTensor = TensorBlocks & { readonly shared: boolean };

/** Weights, slots of the optimisers and features by their names in the file. */
function checkpointTensors({ model, update }: Trainer, file: string): ReadonlyMap<string, CheckpointTensor> {
  const tensors = new Map<string, CheckpointTensor>();
  const averages = update.average?.state();
  for (const [name, variable] of model.variables()) {
    const shard = shardOf(variable);
    // The weights of a file are those that it is evaluated by.
    const blocks = variableBlocks(averages?.get(name) ?? variable, finite(name, file), shard);
    tensors.set(name, { ...blocks, shared: shard !== undefined });
  }
  const slots = slotsOf(update, model);
  if (averages !== undefined && averages.size > 0) {
    for (const [name, variable] of averagedWeights(model))
      slots.set(name, (slots.get(name) ?? new Map()).set(RAW, variable));
  }
  for (const slot of new Set([...slots.values()].flatMap((own) => [...own.keys()]))) {
    for (const [name, own] of slots) {
      const values = own.get(slot);
      if (values === undefined) continue;
      const stored = momentName(slot, name);
      const check = finite(stored, file);
      tensors.set(
        stored,
        'owner' in values
          ? ownedSlotBlocks(values, check, update.owners!)
          : slotBlocks(values, check, shardOf(model.variables().get(name)!)),
      );
    }
  }
  for (const [name, values] of featureTensors(model.features)) {
    tensors.set(name, { ...arrayBlocks(values, [values.length], finite(name, file)), shared: false });
  }
  return tensors;
}

function ownedSlotBlocks(
  { owner, shape, owned }: OwnedSlot,
  check: ReturnType<typeof finite>,
  { ranks }: WeightOwners,
): CheckpointTensor {
  return { ...ownedBlocks(owned, shape, { owner, ranks }, check), shared: owner !== 0 };
}

function slotBlocks(
  slot: Exclude<Slot, OwnedSlot>,
  check: ReturnType<typeof finite>,
  shard: TableShard | undefined,
): CheckpointTensor {
  // One number a row: a moment, or a sum.
  const own = slot.shape.length === 1 ? shard?.ofRows : shard;
  const shared = own !== undefined;
  if ('values' in slot) return { ...arrayBlocks(slot.values, slot.shape, check, own), shared };
  if (own !== undefined && slot.rank === 1) {
    const blocks = async function* (): AsyncGenerator<StoredArray> {
      const values = new Float32Array((await slot.data()) as Float32Array);
      for await (const block of arrayBlocks(values, [own.rows], check, own).blocks()) yield block as StoredArray;
    };
    return { dtype: 'F32', shape: [own.rows], blocks, shared };
  }
  return { ...variableBlocks(slot, check, own), shared };
}

export interface LoadOptions extends ReadOptions {
  /**
   * Goes on although settings of training differ, for example another learning rate. The model must still be the same.
   * What the checkpoint has none of begins with the next step: a plateau, and averages of weights.
   */
  readonly allowDifferentTraining?: boolean;
}

/**
 * Puts a trainer where the checkpoint was saved: weights, moments and position. The trainer changes only when all fits.
 *
 * @returns what was stored as `extra`.
 * @throws CheckpointError for a damaged file, or listing what differs: model, number of items,
 *   data, settings of training.
 */
export function loadCheckpoint(file: string, trainer: Trainer, options: LoadOptions = {}): Promise<CheckpointExtra> {
  const load = async (checkpoint: CheckpointFile): Promise<CheckpointExtra> => {
    const { state, extra } = checkpoint;
    const { model } = trainer;
    refuseStored(model, file);
    const differing = differences(
      // Parsed, because a key that came later has its default in a checkpoint from before.
      { model: { ...parseModelConfig(state.model) }, numItems: state.numItems },
      { model: { ...model.config }, numItems: model.numItems },
    );
    if (!options.allowDifferentTraining) {
      // Written before there was a choice of some.
      const saved = { ...defaultOptions, embeddings: 'dense', ...state.training };
      differing.push(...differences({ training: saved }, { training: trainingIdentity(trainer) }));
    }
    if (JSON.stringify(state.features) !== JSON.stringify(featuresState(model.features))) {
      differing.push('features: those of the checkpoint were fitted on other rows');
    }
    if (differing.length > 0) {
      throw new CheckpointError(
        `checkpoint: ${file}: expected the same run; ${differing.join('; ')}; use the settings of the checkpoint, or start anew; where training alone differs, from its weights (initialWeights)`,
        file,
      );
    }
    checkWeights(checkpoint, model, file);
    checkMoments(checkpoint, trainer, file);
    await setWeights(checkpoint, model);
    await setMoments(checkpoint, trainer);
    trainer.restorePosition(state.position);
    return extra;
  };
  return withCheckpoint(file, load, options);
}

/**
 * Builds the model of a checkpoint with its weights, for evaluation and serving. @throws CheckpointError, ConfigError.
 */
export function loadModel(file: string, options?: ReadOptions): Promise<TokenEncoder> {
  const load = async (checkpoint: CheckpointFile): Promise<TokenEncoder> => {
    const { state, extra, tensors } = checkpoint;
    const read = (name: string) => (tensors.tensors.has(name) ? tensors.read(name) : undefined);
    const features = await readFeatures(state, read, file);
    const model = checkpointModel({ state, extra }, features, file);
    try {
      checkWeights(checkpoint, model, file);
      await setWeights(checkpoint, model);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  };
  return withCheckpoint(file, load, options);
}

async function setMoments({ tensors, moments, state }: CheckpointFile, trainer: Trainer): Promise<void> {
  const { model, update } = trainer;
  const read = (slot: string, name: string): Promise<StoredArray> => tensors.read(momentName(slot, name));
  await loadSlots(update, model, moments, state.iterations, read);
  // Under another schedule than that of the checkpoint there is none.
  const isPlateau = trainer.options.schedule?.kind === 'plateau';
  update.plateau = (isPlateau ? state.plateau : undefined) ?? plateauStart;
  update.average?.loadState(new Map(), 0);
  if (update.average === undefined || state.averaged === undefined || state.averaged === 0) return;
  // The weights that have just been read are the averages; the trainer goes on with what they are averages of.
  const weights = averagedWeights(model);
  update.average.loadState(weights, state.averaged);
  for (const [name, variable] of weights) {
    await assignBlocks(variable, tensors.blocks(momentName(RAW, name)));
  }
}

/** Rows in a store are too many for a file of weights, and would be older or newer than it. */
function refuseStored(model: Model, file: string): void {
  for (const [name, { store }] of model.tables()) {
    if (store === undefined) continue;
    throw new CheckpointError(
      `checkpoint: ${file}: expected tables in variables; got '${name}' in a store of ${store.layout.rows} rows; snapshot the store, and keep the other weights by readParameters`,
      file,
    );
  }
}

function trainingIdentity({ options, task, examples, windows }: Trainer): Record<string, unknown> {
  const { name, targets, interactions } = examples;
  return {
    ...options,
    ...task.identity,
    examples: { set: name, count: targets.length, digest: interactions.digest },
    ...(windows !== undefined && { windows: { policy: windows.name, ...windows.settings } }),
  };
}

function checkMoments({ tensors, moments, state }: CheckpointFile, trainer: Trainer, file: string): void {
  if (moments.size === 0 && state.iterations > 0) {
    throw new CheckpointError(
      `checkpoint: ${file}: expected moments of the optimiser after ${state.iterations} steps; got weights alone, as exportWeights writes them; go on from a checkpoint of the run`,
      file,
    );
  }
  const { model, update } = trainer;
  const isAveraged = update.average !== undefined && (state.averaged ?? 0) > 0;
  for (const [name, present] of moments) {
    const variable = model.variables().get(name);
    const expected = new Map(variable && slotShapes(update, name, variable));
    // A weight that never had a gradient has its raw values alone.
    if (isAveraged && variable !== undefined) expected.set(RAW, declaredShape(variable));
    const shapes = new Map(present.map((slot) => [slot, tensors.tensors.get(momentName(slot, name))!.shape]));
    const fits = [...expected].every(([slot, shape]) => shapes.get(slot)?.join(', ') === shape.join(', '));
    const alone = isAveraged && present.length === 1 && present[0] === RAW;
    if (alone || (fits && present.length === expected.size && variable !== undefined)) continue;
    const list = (of: ReadonlyMap<string, readonly number[]>) =>
      Array.from(of, ([slot, shape]) => `${slot} [${shape.join(', ')}]`).join(', ');
    throw new CheckpointError(
      `checkpoint: ${file}: expected moments of '${name}': ${variable === undefined ? 'no such weight' : list(expected)}; got ${list(shapes)}; ${whyOthers([...expected.keys()], present)}`,
      file,
    );
  }
}

/** What makes a trainer keep other moments than a checkpoint has. */
function whyOthers(expected: readonly string[], present: readonly string[]): string {
  if (expected.includes(RAW) !== present.includes(RAW))
    return `with 'weightAverage' weights are kept as they are beside their averages ('${RAW}'); use the same there`;
  const other = expected.length > 0 && !expected.some((slot) => slot !== RAW && present.includes(slot));
  if (other) return "optimisers of another 'kind', of the tables too ('tables.kind'), keep different moments";
  return "'dense' and 'rowwise' training of embeddings keep different moments";
}

function finite(name: string, file: string): (block: StoredArray, firstIndex: number) => void {
  return (block, firstIndex) => {
    const bad = block.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return;
    throw new CheckpointError(
      `checkpoint: ${file}: expected finite weights and moments; got ${block[bad]} in '${name}' at ${firstIndex + bad}; nothing was written, go back to an earlier checkpoint`,
      file,
    );
  };
}
