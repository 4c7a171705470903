import type { StoredTensor } from '../io/safetensors.ts';
import { SafetensorsFile } from '../io/safetensors-file.ts';
import type { NamedParameters } from '../parameters.ts';
import {
  type CheckpointExtra,
  type CheckpointState,
  type Moment,
  momentName,
  parseMetadata,
  sortNames,
} from './checkpoint-format.ts';
import { damagedFile, damagedTensor, type OnNote, planVerification, renderNote } from './checksums.ts';

export interface ReadOptions {
  /** What should be known of a file that is usable but not as it was written; default `console.warn`. */
  readonly onNote?: OnNote;
}

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
 * Opens a checkpoint, checks it and closes it when `use` is done. One that another program wrote again is as good:
 * the order of the tensors is free, and F64, F16 and BF16 are read as float32, with a note.
 *
 * @throws CheckpointError when the file is missing, truncated, damaged (naming the tensor) or of
 *   another format or version.
 */
export function withCheckpoint<T>(
  file: string,
  use: (checkpoint: CheckpointFile) => Promise<T>,
  options?: ReadOptions,
): Promise<T> {
  return withSafetensors(file, async (tensors) => {
    const { state, extra } = parseMetadata(tensors.metadata, file);
    await verify(tensors, options);
    return use({ tensors, state, extra, ...sortNames([...tensors.tensors.keys()], file) });
  });
}

/** Opens a file and closes it when `use` is done. */
export async function withSafetensors<T>(file: string, use: (tensors: SafetensorsFile) => Promise<T>): Promise<T> {
  const tensors = await SafetensorsFile.open(file);
  try {
    return await use(tensors);
  } finally {
    await tensors.close();
  }
}

/**
 * Compares every checksum that the file has.
 *
 * @returns the names of the tensors that had one.
 * @throws CheckpointError naming the tensor whose bytes are others.
 */
export async function verify(
  tensors: SafetensorsFile,
  { onNote = console.warn }: ReadOptions = {},
): Promise<ReadonlySet<string>> {
  const { file, metadata } = tensors;
  const plan = planVerification(metadata, [...tensors.tensors.values()], file);
  if (plan.whole !== undefined && plan.whole !== (await tensors.digest())) throw damagedFile(file);
  for (const [name, sha256] of plan.tensors) {
    if (sha256 !== (await tensors.digest(name))) throw damagedTensor(file, name);
  }
  for (const note of plan.notes) onNote(renderNote(file, note));
  return new Set(plan.whole === undefined ? plan.tensors.keys() : tensors.tensors.keys());
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
export function readCheckpoint(file: string, options?: ReadOptions): Promise<Checkpoint> {
  const read = async ({ tensors, state, extra, weights, moments: named }: CheckpointFile): Promise<Checkpoint> => {
    const tensor = async (name: string): Promise<StoredTensor> => ({
      shape: tensors.tensors.get(name)!.shape,
      data: await tensors.read(name),
    });
    // Without prototype, so that a tensor called '__proto__' is a name like any other.
    const parameters: Record<string, StoredTensor & { data: Float32Array }> = Object.create(null);
    for (const name of weights) parameters[name] = (await tensor(name)) as StoredTensor & { data: Float32Array };
    const moments = new Map<string, { m: StoredTensor; v: StoredTensor; steps?: StoredTensor }>();
    for (const [name, present] of named) {
      const [m, v] = [await tensor(momentName('m', name)), await tensor(momentName('v', name))];
      const steps = present.includes('steps') ? { steps: await tensor(momentName('steps', name)) } : {};
      moments.set(name, { m, v, ...steps });
    }
    return { file, state, extra, parameters, moments };
  };
  return withCheckpoint(file, read, options);
}

/** What a checkpoint says about itself, from its header alone: the data are neither read nor checked. */
export function readCheckpointState(file: string): Promise<CheckpointState> {
  return withSafetensors(file, async ({ metadata }) => parseMetadata(metadata, file).state);
}
