import type { StoredTensor } from '../io/safetensors.ts';
import { SafetensorsFile } from '../io/safetensors-file.ts';
import type { NamedParameters } from '../parameters.ts';
import {
  type CheckpointExtra,
  type CheckpointState,
  damaged,
  type Moment,
  momentName,
  parseMetadata,
  parseState,
  sortNames,
} from './checkpoint-format.ts';

/** A checkpoint open for reading; its data have the stored checksum. Close it. */
export interface CheckpointFile {
  readonly tensors: SafetensorsFile;
  readonly state: CheckpointState;
  readonly extra: CheckpointExtra;
  /** Names of the weights. */
  readonly weights: readonly string[];
  /** The moments that the file has of each weight; empty before the first step. */
  readonly moments: ReadonlyMap<string, readonly Moment[]>;
}

/**
 * Opens a checkpoint, checks it and closes it when `use` is done.
 *
 * @throws CheckpointError when the file is missing, truncated, damaged (checksum) or of another format or version.
 */
export async function withCheckpoint<T>(file: string, use: (checkpoint: CheckpointFile) => Promise<T>): Promise<T> {
  const tensors = await SafetensorsFile.open(file);
  try {
    const { metadata } = tensors;
    const { state, extra } = parseMetadata(metadata, file);
    if (metadata.sha256 !== (await tensors.digest())) throw damaged(file);
    return await use({ tensors, state, extra, ...sortNames([...tensors.tensors.keys()], file) });
  } finally {
    await tensors.close();
  }
}

/** A checkpoint read into memory and checked. */
export interface Checkpoint {
  readonly file: string;
  readonly state: CheckpointState;
  readonly extra: CheckpointExtra;
  /** The weights by reference name. */
  readonly parameters: NamedParameters;
  /** First and second moments by reference name, with row-wise AdamW also steps; empty before the first step. */
  readonly moments: ReadonlyMap<
    string,
    { readonly m: StoredTensor; readonly v: StoredTensor; readonly steps?: StoredTensor }
  >;
}

/**
 * Reads and checks a checkpoint without needing a trainer.
 *
 * @throws CheckpointError when the file is missing, truncated, damaged (checksum) or of another format or version.
 */
export function readCheckpoint(file: string): Promise<Checkpoint> {
  return withCheckpoint(file, async ({ tensors, state, extra, weights, moments: named }) => {
    const read = async (name: string): Promise<StoredTensor> => ({
      shape: tensors.tensors.get(name)!.shape,
      data: await tensors.read(name),
    });
    // Without prototype, so that a tensor called '__proto__' is a name like any other.
    const parameters: Record<string, StoredTensor & { data: Float32Array }> = Object.create(null);
    for (const name of weights) parameters[name] = (await read(name)) as StoredTensor & { data: Float32Array };
    const moments = new Map<string, { m: StoredTensor; v: StoredTensor; steps?: StoredTensor }>();
    for (const [name, present] of named) {
      const [m, v] = [await read(momentName('m', name)), await read(momentName('v', name))];
      const steps = present.includes('steps') ? { steps: await read(momentName('steps', name)) } : {};
      moments.set(name, { m, v, ...steps });
    }
    return { file, state, extra, parameters, moments };
  });
}

/** What a checkpoint says about itself, from its header alone: the data are neither read nor checked. */
export async function readCheckpointState(file: string): Promise<CheckpointState> {
  const tensors = await SafetensorsFile.open(file);
  try {
    return parseState(tensors.metadata.state, file);
  } finally {
    await tensors.close();
  }
}
