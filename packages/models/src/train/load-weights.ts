import { CheckpointError } from '../errors.ts';
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

/** Weights of an open file. */
export interface WeightsFile {
  readonly tensors: SafetensorsFile;
  /** Names of the weights. */
  readonly weights: readonly string[];
}

/**
 * Sets only the weights of `model` from a safetensors file under the names of `model.variables()`: a checkpoint, a
 * file of `exportWeights`, or one of another program, which need not know what model it is. Moments and buffers of
 * the reference are left aside. Nothing changes when it throws.
 *
 * @throws CheckpointError listing every missing, unexpected and misshapen tensor, or naming one that
 *   is damaged or not finite.
 */
export function loadWeights(file: string, model: Model, options: ReadOptions = {}): Promise<void> {
  return withSafetensors(file, async (tensors) => {
    const { metadata } = tensors;
    const names = [...tensors.tensors.keys()];
    const source = { tensors, weights: names.filter(isWeight) };
    // What does not fit is said before a checksum: the wrong file is likelier than a damaged one.
    checkWeights(source, model, file);
    if (metadata.format === FORMAT) checkVersion(metadata, file);
    const verified = await verify(tensors, options);
    // Those with a checksum were finite when it was made.
    for (const name of source.weights) if (!verified.has(name)) await checkFinite(tensors, name);
    const { onNote = console.warn } = options;
    for (const note of otherSettings(metadata, model, file)) onNote(renderNote(file, note));
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

async function checkFinite(tensors: SafetensorsFile, name: string): Promise<void> {
  let before = 0;
  for await (const block of tensors.blocks(name)) {
    const bad = block.findIndex((value: number) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new CheckpointError(
        `checkpoint: ${tensors.file}: expected finite weights; got ${block[bad]} in '${name}' at ${before + bad}`,
        tensors.file,
      );
    }
    before += block.length;
  }
}

/** What the file says of its model that is otherwise here, though all shapes fit: heads, for example. */
function otherSettings(metadata: Readonly<Record<string, string>>, model: Model, file: string): readonly string[] {
  if (metadata.format !== FORMAT) return [];
  const saved = parseModelConfig(parseMetadata(metadata, file).state.model);
  const differing = differences({ model: { ...saved } }, { model: { ...model.config } });
  return differing.length === 0 ? [] : [`its model had other settings: ${differing.join('; ')}`];
}
