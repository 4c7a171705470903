import { CheckpointError } from '../errors.ts';
import { featuresState, trainedTensors } from '../features/store.ts';
import { isConverted } from '../io/dtypes.ts';
import { elementCount } from '../io/safetensors.ts';
import type { SafetensorsFile } from '../io/safetensors-file.ts';
import { unreadableType } from '../io/unreadable-type.ts';
import type { Model } from '../model.ts';
import { checkParameters } from '../parameters.ts';
import { parseModelConfig } from '../registry.ts';
import { assignBlocks } from './blocks.ts';
import { type ReadOptions, verify, withSafetensors } from './checkpoint-file.ts';
import { checkVersion, FORMAT, isWeight, parseMetadata } from './checkpoint-format.ts';
import { renderNote } from './checksums.ts';
import { differences } from './differences.ts';
import { otherData } from './other-data.ts';

/** Weights of an open file. */
export interface WeightsFile {
  readonly tensors: SafetensorsFile;
  /** Names of the weights. */
  readonly weights: readonly string[];
}

export interface LoadWeightsOptions extends ReadOptions {
  /** Digest of the data that the model is of. A file that was trained on others is noted. */
  readonly data?: string;
  /** Whether features that were fitted on other rows, and other trained items, are refused, and not only noted. */
  readonly sameFeatures?: boolean;
}

/**
 * Sets only the weights of `model` from a safetensors file under the names of `model.variables()`: a checkpoint, a
 * file of `exportWeights`, or one of another program, which need not know what model it is. Moments and buffers of
 * the reference are left aside. Nothing changes when it throws. What a checkpoint or an export says of its model and
 * its data that is otherwise here is noted. Features of the model stay as they are, with the items and users that it
 * takes for trained.
 *
 * @throws CheckpointError listing every missing, unexpected and misshapen tensor, or naming one that
 *   is damaged or not finite; with `sameFeatures` for a file whose features were fitted on other rows,
 *   or of other trained items or users.
 */
export function loadWeights(file: string, model: Model, options: LoadWeightsOptions = {}): Promise<void> {
  return withSafetensors(file, async (tensors) => {
    const { metadata } = tensors;
    const names = [...tensors.tensors.keys()];
    const source = { tensors, weights: names.filter(isWeight) };
    // What does not fit is said before a checksum: the wrong file is likelier than a damaged one.
    checkWeights(source, model, file);
    if (metadata.format === FORMAT) checkVersion(metadata, file);
    await verify(tensors, options);
    const { onNote = console.warn } = options;
    const notes = [
      ...whatDiffers(metadata, model, file, options),
      ...(await whoDiffers(tensors, model, file, options)),
    ];
    for (const note of notes) onNote(renderNote(file, note));
    await setWeights(source, model);
  });
}

export async function setWeights({ tensors }: WeightsFile, model: Model): Promise<void> {
  for (const [name, variable] of model.variables()) await assignBlocks(variable, tensors.blocks(name));
}

/** @throws CheckpointError unless the weights are those of the model, in a type that can be read. */
export function checkWeights({ tensors, weights }: WeightsFile, model: Model, file: string): void {
  const shapes = weights.map((name) => {
    const { shape } = tensors.tensors.get(name)!;
    return [name, { shape, length: elementCount(shape) }] as const;
  });
  try {
    checkParameters(model, new Map(shapes));
  } catch (error) {
    throw new CheckpointError(`checkpoint: ${file}: ${(error as Error).message}`, file, { cause: error });
  }
  for (const name of weights) {
    const { dtype } = tensors.tensors.get(name)!;
    if (dtype !== 'F32' && !isConverted(dtype)) throw unreadableType(file, name, dtype);
  }
}

/** What the file says of its model and its data that is otherwise here, though all shapes fit: heads, for example. */
function whatDiffers(
  metadata: Readonly<Record<string, string>>,
  model: Model,
  file: string,
  { data, sameFeatures = false }: LoadWeightsOptions,
): readonly string[] {
  if (metadata.format !== FORMAT) return [];
  const { state } = parseMetadata(metadata, file);
  const saved = parseModelConfig(state.model);
  const differing = differences({ model: { ...saved } }, { model: { ...model.config } });
  const notes = differing.length === 0 ? [] : [`its model had other settings: ${differing.join('; ')}`];
  if (JSON.stringify(state.features) !== JSON.stringify(featuresState(model.features))) {
    if (sameFeatures) {
      throw new CheckpointError(
        `checkpoint: ${file}: expected features that were fitted on the training rows here; got those of other rows, whose ids and numbers stand for other values; use the data and the split that it was trained on`,
        file,
      );
    }
    notes.push('its features were fitted on other rows: their ids and numbers may stand for other values here');
  }
  const others = otherData(state, data);
  return others === undefined ? notes : [...notes, others];
}

/** Items and users that were trained in one and not in the other: whose own rows are for those that were. */
async function whoDiffers(
  tensors: SafetensorsFile,
  { features }: Model,
  file: string,
  { sameFeatures = false }: LoadWeightsOptions,
): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const [name, here] of trainedTensors(features)) {
    if (here === undefined || !tensors.tensors.has(name)) continue;
    const there = await tensors.read(name);
    const others = here.reduce((sum, trained, id) => sum + Number(trained !== there[id]), 0);
    if (others === 0 && there.length === here.length) continue;
    const who = name.includes('/users/') ? 'users' : 'items';
    if (sameFeatures) {
      throw new CheckpointError(
        `checkpoint: ${file}: expected ${who} with training rows as here; got ${others} that have some in one of the two alone; use the data and the split that it was trained on`,
        file,
      );
    }
    notes.push(
      `${others} ${who} have training rows in one of the two alone: those of the model here are taken for trained`,
    );
  }
  return notes;
}
