import type { Collective } from '@seqrec/core/collectives';
import { EvaluationError } from '../errors.ts';
import { yieldToEventLoop } from '../train/yield.ts';

/** Seconds of work between two meetings of the ranks, about: how late they hear of an error or a Ctrl-C. */
const BETWEEN_MEETINGS = 2;

/** What a rank tells the others when they meet. */
interface Told {
  /** How much of its share it has done. */
  readonly done: number;
  readonly isOver: boolean;
  /** Of its work since the last meeting. */
  readonly seconds: number;
  readonly error?: string;
  /** Of rank 0: that it ends the work. */
  readonly leaves?: boolean;
}

/**
 * Does something of which each rank has a share, piece by piece. The ranks meet every two seconds or so, as late as
 * the slowest of them comes, whatever their timeout. All ranks must call it.
 *
 * @param share of this rank: gives, after each piece, how much that was.
 * @param onDone called on rank 0 with how much all ranks have done; what it throws ends the work on all of them.
 * @returns false on the other ranks when rank 0 has left, true when all is done.
 * @throws EvaluationError on all ranks for the error of any of them; what `onDone` throws on rank 0.
 */
export async function inShares(
  ranks: Collective,
  share: AsyncIterator<number, void>,
  onDone?: (done: number) => void,
): Promise<boolean> {
  let [done, others, next, isOver] = [0, 0, 1, false];
  let left: { readonly error: unknown } | undefined;
  const say = (): void => {
    try {
      if (ranks.rank === 0) onDone?.(done + others);
    } catch (error) {
      left = { error };
    }
  };
  for (;;) {
    const began = performance.now();
    let failed: { readonly error: unknown } | undefined;
    try {
      for (let piece = 0; piece < next && !isOver && left === undefined; piece++) {
        const result = await share.next();
        isOver = result.done === true;
        if (result.done !== true) {
          done += result.value;
          say();
        }
        await yieldToEventLoop();
      }
    } catch (error) {
      failed = { error };
    }
    const own: Told = {
      done,
      isOver,
      seconds: (performance.now() - began) / 1000,
      ...(failed && { error: inWords(failed.error, ranks.rank) }),
      ...(left && { leaves: true }),
    };
    const told = await ranks.gatherJson(own, 'evaluation', { waits: true }).catch((error) => {
      // Another rank has heard of the error and ended all with it.
      throw failed === undefined ? error : failed.error;
    });
    const first = told.findIndex(({ error }) => error !== undefined);
    if (first >= 0) throw first === ranks.rank ? failed?.error : new EvaluationError(told[first].error as string);
    if (left !== undefined) throw left.error;
    if (told[0].leaves === true) return false;
    if (told.every((each) => each.isOver)) return true;
    next = piecesUntilNext(next, Math.max(...told.map(({ seconds }) => seconds)));
    others = told.reduce((sum, each, r) => (r === ranks.rank ? sum : sum + each.done), 0);
    say();
  }
}

/** As many pieces as take {@link BETWEEN_MEETINGS} at the speed of the slowest rank; the same on all. */
function piecesUntilNext(last: number, seconds: number): number {
  return Math.max(1, Math.min(8 * last, Math.round((last * BETWEEN_MEETINGS) / Math.max(seconds, 1e-3))));
}

/** An error as other ranks throw it: what an evaluation refuses is the same whoever comes to it. */
export function inWords(error: unknown, rank: number): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof EvaluationError ? message : `rank ${rank}: ${message}`;
}
