import { readFileSync } from 'node:fs';
import {
  decodeSafetensors,
  type Evaluation,
  encodeSafetensors,
  TIES_IN_WORDS,
  type TiedRanks,
  type TieRule,
  writeFileAtomic,
} from '@seqrec/models';
import { RunError } from '../../errors.ts';
import type { RunDir } from './run-dir.ts';

/** The ranks of a run's chosen checkpoint on the test set, query by query. */
export interface SavedRanks extends TiedRanks {
  /** From 1; `Infinity` for a miss. With ties `expected` the first of the places that the target shares. */
  readonly ranks: Float32Array;
  /** Other candidates with exactly the target's score. Zeros in a file from before they were counted. */
  readonly tied: Int32Array;
  /** The rule under which the ranks were recorded; `optimistic` in a file from before there was another. */
  readonly ties: TieRule;
  /** Dense user of each query; `users.jsonl` beside it has their ids. */
  readonly users: Int32Array;
  /** Dense item that is the target of each; absent in a file from before they were kept. */
  readonly items?: Int32Array;
  readonly checkpoint: string;
  readonly definition: readonly string[];
}

/** Writes the ranks of an evaluation, atomically. float32 holds every whole rank up to 2^24, and halves below 2^23. */
export async function saveRanks(
  file: string,
  {
    ranks,
    tied,
    ties,
    users,
    items,
    definition,
  }: Pick<Evaluation, 'ranks' | 'tied' | 'ties' | 'users' | 'items' | 'definition'>,
  checkpoint: string,
): Promise<void> {
  const shape = [ranks.length];
  const tensors = new Map([
    ['rank', { shape, data: Float32Array.from(ranks) }],
    ['tied', { shape, data: tied }],
    ['user', { shape, data: users }],
    ['item', { shape, data: items }],
  ]);
  const metadata = { checkpoint, ties, definition: JSON.stringify(definition) };
  await writeFileAtomic(file, encodeSafetensors({ tensors, metadata }));
}

/** @throws RunError when the file is not what `saveRanks` writes. */
export function readRanks(file: string): SavedRanks {
  const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
  const ranks = tensors.get('rank')?.data;
  const users = tensors.get('user')?.data;
  if (!(ranks instanceof Float32Array) || !(users instanceof Int32Array) || ranks.length !== users.length)
    throw new RunError(`${file}: expected ranks and users of equal length; remove the file, it can be made again`);
  const tied = tensors.get('tied')?.data ?? new Int32Array(ranks.length);
  const ties = metadata.ties ?? 'optimistic';
  if (!(tied instanceof Int32Array) || tied.length !== ranks.length || !isTieRule(ties))
    throw new RunError(
      `${file}: expected a number of ties for each rank and a rule for them; remove the file, it can be made again`,
    );
  const definition = JSON.parse(metadata.definition ?? '[]') as string[];
  const items = tensors.get('item')?.data;
  const targets = items instanceof Int32Array && items.length === ranks.length ? { items } : {};
  return { ranks, tied, ties, users, ...targets, checkpoint: metadata.checkpoint ?? 'unknown', definition };
}

/** The checkpoint of a finished run that the test set saw. */
export function testedFile(run: RunDir): string {
  return readRanks(run.ranks).checkpoint === 'best' ? run.best : run.last;
}

function isTieRule(text: string): text is TieRule {
  return Object.hasOwn(TIES_IN_WORDS, text);
}
