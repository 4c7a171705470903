import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { CheckpointError } from '../errors.ts';
import { readWholeFile, writeFileAtomic } from '../io/files.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../io/safetensors.ts';
import type { SequenceModel } from '../model.ts';
import { loadParameters, type NamedParameters, readParameters } from '../parameters.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { differences } from './differences.ts';
import type { Trainer } from './trainer.ts';

/** Any JSON that a caller stores with a checkpoint. */
export type CheckpointExtra = Readonly<Record<string, unknown>>;

const FORMAT = 'seqrec-checkpoint';
const VERSION = '1';
const M_PREFIX = 'optimizer.m/';
const V_PREFIX = 'optimizer.v/';

const count = z.int().min(0);
const stateSchema = z.object({
  model: z.record(z.string(), z.unknown()),
  numItems: count,
  position: z.object({ epoch: count, stepInEpoch: count, globalStep: count, lossSum: z.number(), tokens: count }),
  iterations: count,
  /** Everything else that the continuation depends on. */
  training: z.record(z.string(), z.unknown()),
});

/** What a checkpoint says about itself. */
export type CheckpointState = z.output<typeof stateSchema>;

/** A checkpoint read into memory and checked. */
export interface Checkpoint {
  readonly file: string;
  readonly state: CheckpointState;
  readonly extra: CheckpointExtra;
  /** The weights by reference name. */
  readonly parameters: NamedParameters;
  /** First and second moments by reference name; empty before the first step. */
  readonly moments: ReadonlyMap<string, { readonly m: StoredTensor; readonly v: StoredTensor }>;
}

/**
 * Writes weights, moments and position of a trainer to one safetensors file, atomically. Weights have the names of
 * `model.variables()`, moments `optimizer.m/NAME` and `optimizer.v/NAME`; the rest is JSON in the file's metadata.
 *
 * @param extra JSON to store with it, for example metrics.
 * @throws CheckpointError when a weight is not finite (nothing is written) or the file cannot be written.
 */
export async function saveCheckpoint(file: string, trainer: Trainer, extra: CheckpointExtra = {}): Promise<void> {
  const { model } = trainer;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, data }] of Object.entries(await readParameters(model))) {
    tensors.set(name, { shape, data: finite(data as Float32Array, name, file) });
  }
  const optimizerState = trainer.optimizer.state();
  for (const part of ['m', 'v'] as const) {
    for (const [name, variable] of model.variables()) {
      const moment = optimizerState.get(variable.name)?.[part];
      if (moment === undefined) continue;
      const data = new Float32Array((await moment.data()) as Float32Array);
      tensors.set(`${part === 'm' ? M_PREFIX : V_PREFIX}${name}`, {
        shape: moment.shape,
        data: finite(data, name, file),
      });
    }
  }
  const state: CheckpointState = {
    model: { ...model.config },
    numItems: model.numItems,
    position: { ...trainer.position },
    iterations: trainer.optimizer.iterations,
    training: trainingIdentity(trainer),
  };
  const metadata = {
    format: FORMAT,
    version: VERSION,
    sha256: digest(tensors),
    state: JSON.stringify(state),
    extra: JSON.stringify(extra),
  };
  await writeFileAtomic(file, encodeSafetensors({ tensors, metadata }));
}

/**
 * Reads and checks a checkpoint without needing a trainer.
 *
 * @throws CheckpointError when the file is missing, truncated, damaged (checksum) or of another format or version.
 */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  const { tensors, metadata } = decodeSafetensors(await readWholeFile(file), file);
  if (metadata.format !== FORMAT || metadata.version !== VERSION) {
    throw new CheckpointError(
      `checkpoint: ${file}: expected ${FORMAT} version ${VERSION}; got ${metadata.format ?? 'no format'} version ${metadata.version ?? 'none'}`,
      file,
    );
  }
  if (metadata.sha256 !== digest(tensors)) {
    throw new CheckpointError(
      `checkpoint: ${file}: expected data with the stored checksum; got other bytes; the file is damaged`,
      file,
    );
  }
  const state = parseState(metadata.state, file);
  const extra = parseJson(metadata.extra ?? '{}', 'extra', file) as CheckpointExtra;
  // Without prototype, so that a tensor called '__proto__' is a name like any other.
  const parameters: Record<string, StoredTensor & { data: Float32Array }> = Object.create(null);
  const moments = new Map<string, { m: StoredTensor; v: StoredTensor }>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith(V_PREFIX)) continue;
    if (!name.startsWith(M_PREFIX)) {
      parameters[name] = tensor as StoredTensor & { data: Float32Array };
      continue;
    }
    const own = name.slice(M_PREFIX.length);
    const v = tensors.get(V_PREFIX + own);
    if (v === undefined)
      throw new CheckpointError(`checkpoint: ${file}: expected '${V_PREFIX}${own}' beside '${name}'; got none`, file);
    moments.set(own, { m: tensor, v });
  }
  return { file, state, extra, parameters, moments };
}

export interface LoadOptions {
  /** Goes on although settings of training differ, for example another learning rate. The model must still be the same. */
  readonly allowDifferentTraining?: boolean;
}

/**
 * Puts a trainer where the checkpoint was saved: weights, moments and position. The trainer changes only when all fits.
 *
 * @returns what was stored as `extra`.
 * @throws CheckpointError for a damaged file, or listing what differs: model, number of items, data, settings of training.
 */
export async function loadCheckpoint(
  file: string,
  trainer: Trainer,
  options: LoadOptions = {},
): Promise<CheckpointExtra> {
  const checkpoint = await readCheckpoint(file);
  const { state, parameters, moments } = checkpoint;
  const { model } = trainer;
  const differing = differences(
    { model: state.model, numItems: state.numItems },
    { model: { ...model.config }, numItems: model.numItems },
  );
  if (!options.allowDifferentTraining) {
    differing.push(...differences({ training: state.training }, { training: trainingIdentity(trainer) }));
  }
  if (differing.length > 0) {
    throw new CheckpointError(
      `checkpoint: ${file}: expected the same run; ${differing.join('; ')}; use the settings of the checkpoint, or start anew`,
      file,
    );
  }
  checkMoments(checkpoint, model);
  setWeights(model, parameters, file);
  const loaded = new Map<string, { m: tf.Tensor; v: tf.Tensor }>();
  for (const [name, { m, v }] of moments) {
    const variable = model.variables().get(name)!;
    loaded.set(variable.name, { m: tf.tensor(m.data, [...m.shape]), v: tf.tensor(v.data, [...v.shape]) });
  }
  trainer.optimizer.loadState(loaded, state.iterations);
  tf.dispose([...loaded.values()].flatMap(({ m, v }) => [m, v]));
  trainer.restorePosition(state.position);
  return checkpoint.extra;
}

/** Builds the model of a checkpoint with its weights, for evaluation and serving. @throws CheckpointError, ConfigError. */
export async function loadModel(file: string): Promise<SequenceModel> {
  const { state, parameters } = await readCheckpoint(file);
  const model = createModel(state.model as ModelConfigInput, { numItems: state.numItems });
  try {
    setWeights(model, parameters, file);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}

/** Sets only the weights of `model` from a checkpoint. @throws CheckpointError. */
export async function loadWeights(file: string, model: SequenceModel): Promise<void> {
  setWeights(model, (await readCheckpoint(file)).parameters, file);
}

function setWeights(model: SequenceModel, parameters: NamedParameters, file: string): void {
  try {
    loadParameters(model, parameters);
  } catch (error) {
    throw new CheckpointError(`checkpoint: ${file}: ${(error as Error).message}`, file, { cause: error });
  }
}

function trainingIdentity({ options, objective, examples }: Trainer): Record<string, unknown> {
  const { name, targets, interactions } = examples;
  return {
    ...options,
    objective: { name: objective.name, ...objective.settings },
    examples: { set: name, count: targets.length, digest: interactions.digest },
  };
}

function checkMoments({ file, moments }: Checkpoint, model: SequenceModel): void {
  for (const [name, { m, v }] of moments) {
    const shape = model.variables().get(name)?.shape.join(', ') ?? 'no such weight';
    if (m.shape.join(', ') === shape && v.shape.join(', ') === shape) continue;
    throw new CheckpointError(
      `checkpoint: ${file}: expected moments of '${name}' of shape [${shape}]; got [${m.shape.join(', ')}] and [${v.shape.join(', ')}]`,
      file,
    );
  }
}

function finite(data: Float32Array, name: string, file: string): Float32Array {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return data;
  throw new CheckpointError(
    `checkpoint: ${file}: expected finite weights and moments; got ${data[bad]} in '${name}' at ${bad}; nothing was written, go back to an earlier checkpoint`,
    file,
  );
}

function digest(tensors: ReadonlyMap<string, StoredTensor>): string {
  const hash = createHash('sha256');
  for (const { data } of tensors.values()) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

function parseState(text: string | undefined, file: string): CheckpointState {
  const result = stateSchema.safeParse(parseJson(text ?? 'null', 'state', file));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CheckpointError(`checkpoint: ${file}: state.${issue.path.join('.')}: ${issue.message}`, file);
}

function parseJson(text: string, what: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(`checkpoint: ${file}: ${what}: ${(error as Error).message}`, file, { cause: error });
  }
}
