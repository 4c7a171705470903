import type { ExcludeSeen } from './seen.ts';

/** More than this share of certain hits at a cut-off is told beside the metrics. */
const TOLD_FROM = 0.01;

/**
 * One sentence about queries with so few candidates that any model hits: where items of the history are no
 * candidates, a user who has seen nearly all of a small catalogue leaves hardly more than the target. Nothing when
 * that is at most 1 % of them.
 *
 * @param candidates of each query, the target included
 * @param excludeSeen what of the history is no candidate
 */
export function certainHitWarning(
  candidates: ArrayLike<number>,
  ks: readonly number[],
  excludeSeen: ExcludeSeen,
): string | undefined {
  const total = candidates.length;
  const few = [...ks]
    .sort((a, b) => a - b)
    .map((k) => ({ k, count: Array.from(candidates).filter((left) => left <= k).length }))
    .filter(({ count }) => count > TOLD_FROM * total);
  if (few.length === 0) return undefined;
  const counts = few.map(
    ({ k, count }) => `at most ${k} for ${count} of ${total} queries (${((100 * count) / total).toFixed(1)} %)`,
  );
  const what =
    excludeSeen === false ? 'there are few candidates' : 'few candidates are left without the items of the history';
  return `${what}: ${counts.join(', ')}, which are hits at that cut-off whatever the order`;
}
