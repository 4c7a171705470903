import { readFileSync } from 'node:fs';
import { decodeSafetensors, type Evaluation, encodeSafetensors, writeFileAtomic } from '@seqrec/models';
import { RunError } from '../errors.ts';

/** The ranks of a run's chosen checkpoint on the test set, query by query. */
export interface SavedRanks {
  /** From 1; `Infinity` for a miss. */
  readonly ranks: Float32Array;
  /** Dense user of each query; the data's digest fixes who that is. */
  readonly users: Int32Array;
  readonly checkpoint: string;
  readonly definition: readonly string[];
}

/** Writes the ranks of an evaluation, atomically. float32 holds every whole rank up to 2^24, and halves below 2^23. */
export async function saveRanks(
  file: string,
  { ranks, users, definition }: Pick<Evaluation, 'ranks' | 'users' | 'definition'>,
  checkpoint: string,
): Promise<void> {
  const shape = [ranks.length];
  const tensors = new Map([
    ['rank', { shape, data: Float32Array.from(ranks) }],
    ['user', { shape, data: users }],
  ]);
  const metadata = { checkpoint, definition: JSON.stringify(definition) };
  await writeFileAtomic(file, encodeSafetensors({ tensors, metadata }));
}

/** @throws RunError when the file is not what `saveRanks` writes. */
export function readRanks(file: string): SavedRanks {
  const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
  const ranks = tensors.get('rank')?.data;
  const users = tensors.get('user')?.data;
  if (!(ranks instanceof Float32Array) || !(users instanceof Int32Array) || ranks.length !== users.length)
    throw new RunError(`${file}: expected ranks and users of equal length; remove the file, it can be made again`);
  const definition = JSON.parse(metadata.definition ?? '[]') as string[];
  return { ranks, users, checkpoint: metadata.checkpoint ?? 'unknown', definition };
}
