import { z } from 'zod';
import { CheckpointError } from '../errors.ts';
import type { StoredTensor } from '../io/safetensors.ts';
import { SafetensorsFile } from '../io/safetensors-file.ts';
import type { NamedParameters } from '../parameters.ts';

/** Any JSON that a caller stores with a checkpoint. */
export type CheckpointExtra = Readonly<Record<string, unknown>>;

const FORMAT = 'seqrec-checkpoint';
const VERSION = '1';
const PREFIX = 'optimizer.';

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

/** Moments of a weight: `m` and `v`, and with row-wise AdamW the `steps` of each row. */
export const MOMENTS = ['m', 'v', 'steps'] as const;
export type Moment = (typeof MOMENTS)[number];

/** Name of a moment of the weight `name` in the file. */
export function momentName(moment: Moment, name: string): string {
  return `${PREFIX}${moment}/${name}`;
}

/** Metadata of a checkpoint file. */
export function checkpointMetadata(
  sha256: string,
  state: CheckpointState,
  extra: CheckpointExtra,
): Record<string, string> {
  return { format: FORMAT, version: VERSION, sha256, state: JSON.stringify(state), extra: JSON.stringify(extra) };
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
 * Opens a checkpoint, checks it and closes it when `use` is done.
 *
 * @throws CheckpointError when the file is missing, truncated, damaged (checksum) or of another format or version.
 */
export async function withCheckpoint<T>(file: string, use: (checkpoint: CheckpointFile) => Promise<T>): Promise<T> {
  const tensors = await SafetensorsFile.open(file);
  try {
    const { metadata } = tensors;
    if (metadata.format !== FORMAT || metadata.version !== VERSION) {
      throw new CheckpointError(
        `checkpoint: ${file}: expected ${FORMAT} version ${VERSION}; got ${metadata.format ?? 'no format'} version ${metadata.version ?? 'none'}`,
        file,
      );
    }
    if (metadata.sha256 !== (await tensors.digest())) {
      throw new CheckpointError(
        `checkpoint: ${file}: expected data with the stored checksum; got other bytes; the file is damaged`,
        file,
      );
    }
    const state = parseState(metadata.state, file);
    const extra = parseJson(metadata.extra ?? '{}', 'extra', file) as CheckpointExtra;
    return await use({ tensors, state, extra, ...sortNames([...tensors.tensors.keys()], file) });
  } finally {
    await tensors.close();
  }
}

function sortNames(names: readonly string[], file: string): Pick<CheckpointFile, 'weights' | 'moments'> {
  const present = new Set(names);
  const weights = names.filter((name) => !name.startsWith(PREFIX));
  const moments = new Map<string, Moment[]>();
  for (const name of names) {
    const moment = MOMENTS.find((m) => name.startsWith(momentName(m, '')));
    if (moment === undefined) continue;
    const own = name.slice(momentName(moment, '').length);
    for (const other of ['m', 'v'] as const) {
      if (present.has(momentName(other, own))) continue;
      throw new CheckpointError(
        `checkpoint: ${file}: expected '${momentName(other, own)}' beside '${name}'; got none`,
        file,
      );
    }
    moments.set(own, [...(moments.get(own) ?? []), moment]);
  }
  return { weights, moments };
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
