import { type Interactions, type Refresh, type UserVectors, withUserVectors } from '@seqrec/data';
import { decodeSafetensors, encodeSafetensors, readWholeFile, writeFileAtomic } from '@seqrec/models';
import type { UserVectorsConfig } from '../config/preparation-schema.ts';
import { RunError } from '../errors.ts';

/** Name of the tensor `[numEvents, width]` in the file. */
const TENSOR = 'user_vectors';

/** Writes the vectors of users after each event of a data set, atomically; a file for `data.userVectors`. */
export async function saveUserVectors(
  file: string,
  { width, values }: UserVectors,
  { interactions, model }: { readonly interactions: Interactions; readonly model: string },
): Promise<void> {
  const { digest, numEvents } = interactions;
  const tensors = new Map([[TENSOR, { shape: [numEvents, width], data: values }]]);
  await writeFileAtomic(file, encodeSafetensors({ tensors, metadata: { data: digest, model } }));
}

/** Reads them. @throws RunError for another file, and for vectors of other data. */
export async function readUserVectors(file: string, { digest, numEvents }: Interactions): Promise<UserVectors> {
  const bytes = await readWholeFile(file).catch((error: Error) => {
    const reason = (error.cause as Error | undefined)?.message ?? error.message;
    throw new RunError(
      `data.userVectors.path: ${file}: expected a file of vectors of users, as \`seqrec vectors RUN --of users\` makes it; ${reason}`,
      { cause: error },
    );
  });
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  const found = tensors.get(TENSOR);
  if (!(found?.data instanceof Float32Array) || found.shape.length !== 2) {
    throw new RunError(
      `${file}: expected vectors of users after each event; got ${[...tensors.keys()].join(', ') || 'nothing'}; make the file with \`seqrec vectors RUN --of users\``,
    );
  }
  if (metadata.data === digest && found.shape[0] === numEvents) return { width: found.shape[1], values: found.data };
  throw new RunError(
    `${file}: expected vectors of the same data, digest ${digest.slice(0, 12)} with ${numEvents} events; got those of ${metadata.data?.slice(0, 12) ?? 'unknown data'} with ${found.shape[0]}; filters (data.kCore, data.minRating), data.coldItems and ties must be those of the run that made them`,
  );
}

/** The data with the vectors that a configuration names, else as they are. */
export async function withStoredVectors(
  interactions: Interactions,
  { userVectors }: { readonly userVectors?: UserVectorsConfig },
): Promise<Interactions> {
  if (userVectors === undefined) return interactions;
  const vectors = await readUserVectors(userVectors.path, interactions);
  return withUserVectors(interactions, { vectors, refresh: refreshOf(userVectors) });
}

function refreshOf({ age = 0, every, hours, seed }: UserVectorsConfig): Refresh {
  if (every !== undefined) return { every, seed };
  return hours === undefined ? { age } : { hours };
}
