import { isConverted } from '../io/dtypes.ts';
import type { StoredTensor } from '../io/safetensors.ts';
import { SafetensorsFile } from '../io/safetensors-file.ts';
import type { NamedParameters } from '../parameters.ts';
import {
  type CheckpointExtra,
  type CheckpointState,
  isWeight,
  momentName,
  parseMetadata,
  sortNames,
} from './checkpoint-format.ts';
import { checkFinite, damagedFile, damagedTensor, type OnNote, planVerification, renderNote } from './checksums.ts';

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
  /** The slots of the optimiser that the file has of each weight; empty before the first step. */
  readonly moments: ReadonlyMap<string, readonly string[]>;
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
 * Compares every checksum that the file has, and sees that the weights without one are finite: those with one were when
 * it was made.
 *
 * @throws CheckpointError naming the tensor whose bytes are others, or that is not finite.
 */
export async function verify(tensors: SafetensorsFile, { onNote = console.warn }: ReadOptions = {}): Promise<void> {
  const { file, metadata } = tensors;
  const plan = planVerification(metadata, [...tensors.tensors.values()], file);
  if (plan.whole !== undefined && plan.whole !== (await tensors.digest())) throw damagedFile(file);
  for (const [name, sha256] of plan.tensors) {
    if (sha256 !== (await tensors.digest(name))) throw damagedTensor(file, name);
  }
  for (const note of plan.notes) onNote(renderNote(file, note));
  if (plan.whole !== undefined) return;
  for (const [name, { dtype }] of tensors.tensors) {
    if (plan.tensors.has(name) || !isWeight(name) || !(dtype === 'F32' || isConverted(dtype))) continue;
    let before = 0;
    for await (const block of tensors.blocks(name)) {
      checkFinite(block, before, name, file);
      before += block.length;
    }
  }
}

/** A checkpoint read into memory and checked. */
export interface Checkpoint {
  readonly file: string;
  readonly state: CheckpointState;
  readonly extra: CheckpointExtra;
  /** The weights by reference name. */
  readonly parameters: NamedParameters;
  /**
   * State of the optimiser by reference name and slot: `m` and `v`, with row-wise AdamW `steps`, `sum` of Adagrad,
   * `momentum` of Muon, `raw` weights where the weights are averages. Empty before the first step.
   */
  readonly moments: ReadonlyMap<string, Readonly<Record<string, StoredTensor>>>;
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
    const moments = new Map<string, Record<string, StoredTensor>>();
    for (const [name, slots] of named) {
      const own: Record<string, StoredTensor> = {};
      for (const slot of slots) own[slot] = await tensor(momentName(slot, name));
      moments.set(name, own);
    }
    return { file, state, extra, parameters, moments };
  };
  return withCheckpoint(file, read, options);
}

/** What a checkpoint says about itself, from its header alone: the data are neither read nor checked. */
export function readCheckpointState(file: string): Promise<CheckpointState> {
  return withSafetensors(file, async ({ metadata }) => parseMetadata(metadata, file).state);
}
