import { readFileSync } from 'node:fs';
import { decodeSafetensors, encodeSafetensors, type TieRule, writeFileAtomic } from '@seqrec/models';
import type { Recorded } from '../../run/verdict/bootstrap.ts';

/** Writes the ranks of a seed, point by point. */
export async function savePoints(file: string, points: ReadonlyMap<string, Recorded>): Promise<void> {
  const [first] = points.values();
  const shape = [first.users.length];
  const tensors = new Map([
    ['user', { shape, data: first.users as Int32Array | Float32Array }],
    ...[...points].flatMap(([key, { ranks, tied }]) => [
      [`rank/${key}`, { shape, data: ranks }] as const,
      [`tied/${key}`, { shape, data: tied }] as const,
    ]),
  ]);
  await writeFileAtomic(file, encodeSafetensors({ tensors, metadata: { ties: first.ties } }));
}

/** Reads what {@link savePoints} writes. */
export function readPoints(file: string): ReadonlyMap<string, Recorded> {
  const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
  const ints = (name: string): Int32Array => tensors.get(name)?.data as Int32Array;
  const users = ints('user');
  const ties = metadata.ties as TieRule;
  const points = new Map<string, Recorded>();
  for (const [name, { data }] of tensors) {
    const [, key] = /^rank\/(.+)$/.exec(name) ?? [];
    if (key !== undefined) points.set(key, { ranks: data as Float32Array, tied: ints(`tied/${key}`), ties, users });
  }
  return points;
}
