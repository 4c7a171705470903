import { z } from 'zod';
import { FEATURES_PREFIX, readFeatures } from '../features/store.ts';
import { type StoredArray, type TensorBlocks, writeSafetensorsFile } from '../io/safetensors-file.ts';
import { declareOnly } from '../layers/initializers.ts';
import { arrayBlocks } from '../train/blocks.ts';
import { type ReadOptions, withCheckpoint } from '../train/checkpoint-file.ts';
import { type CheckpointExtra, type CheckpointState, checkpointMetadata } from '../train/checkpoint-format.ts';
import { checkpointModel } from '../train/checkpoint-model.ts';
import { encodeChecksums } from '../train/checksums.ts';
import { parametersDigest } from '../train/weights-digest.ts';

/** A weight on the host, row-major. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A place in a chain of deltas: a base, and how many deltas on it. */
export interface ChainPlace {
  /** Digest of all weights of the base, sha256 in hex: see `weightsDigest`. */
  readonly base: string;
  /** Digest of the latest delta, which stands for all before it; of the base where there is none. */
  readonly latest: string;
  /** Deltas on the base. */
  readonly deltas: number;
}

/** All weights of a model on the host, and their place in a chain. Nothing in it is ever changed. */
export interface Snapshot {
  /** Where it comes from, for messages. */
  readonly name: string;
  readonly state: CheckpointState;
  readonly extra: CheckpointExtra;
  /** By name, in the order of the model. */
  readonly weights: ReadonlyMap<string, Weight>;
  /** What fitted features know of items and users; no delta changes it, so that one between two others is refused. */
  readonly features: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: StoredArray }>;
  readonly place: ChainPlace;
}

/** The key of `extra` under which a file says that deltas were applied to it. */
const CHAIN = 'chain';
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const placeSchema = z.strictObject({ base: sha256, latest: sha256, deltas: z.int().min(1) });

/**
 * The weights of a checkpoint, of a file of `exportWeights`, or of one of {@link writeSnapshot}, which goes on with its
 * chain; the others are bases. Moments of the optimiser are left aside.
 *
 * @throws CheckpointError when the file is missing, damaged or of another format.
 */
export function readSnapshot(file: string, options?: ReadOptions): Promise<Snapshot> {
  return withCheckpoint(
    file,
    async ({ tensors, state, extra, weights: names }) => {
      const weights = new Map<string, Weight>();
      for (const name of names) {
        const { shape } = tensors.tensors.get(name)!;
        weights.set(name, { shape, data: (await tensors.read(name)) as Float32Array });
      }
      const features = new Map<string, { shape: readonly number[]; data: StoredArray }>();
      for (const [name, { shape }] of tensors.tensors) {
        if (name.startsWith(FEATURES_PREFIX)) features.set(name, { shape, data: await tensors.read(name) });
      }
      const known = placeSchema.safeParse(extra[CHAIN]);
      const place = known.success ? known.data : baseOf(weights);
      return { name: file, state, extra, weights, features, place };
    },
    options,
  );
}

function baseOf(weights: ReadonlyMap<string, Weight>): ChainPlace {
  const base = parametersDigest(weights);
  return { base, latest: base, deltas: 0 };
}

/**
 * Writes a snapshot as a file of weights, atomically: what `loadModel` reads, and {@link readSnapshot} with its place.
 *
 * @throws CheckpointError when it cannot be written.
 */
export async function writeSnapshot(file: string, { state, extra, weights, features, place }: Snapshot): Promise<void> {
  const tensors = new Map<string, TensorBlocks>();
  for (const [name, { data, shape }] of [...weights, ...features]) {
    tensors.set(name, { ...arrayBlocks(data, [data.length], () => undefined), shape });
  }
  const { [CHAIN]: _, ...rest } = extra;
  const said = place.deltas === 0 ? rest : { ...rest, [CHAIN]: place };
  await writeSafetensorsFile(file, tensors, (digests) =>
    checkpointMetadata(encodeChecksums(tensors, digests), state, said),
  );
}

/**
 * Names of the weights of a snapshot that are tables: a row an id, whose rows can go by themselves. The model is
 * declared, not made.
 *
 * @throws CheckpointError for a kind of model that is not known; ConfigError.
 */
export async function tablesOf({ state, extra, name, features }: Snapshot): Promise<readonly string[]> {
  const fitted = await readFeatures(state, (tensor) => features.get(tensor)?.data, name);
  const model = declareOnly(() => checkpointModel({ state, extra }, fitted, name));
  const tables = [...model.tables().keys()];
  model.dispose();
  return tables;
}
