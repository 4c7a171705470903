import type { Collective } from '@seqrec/core/collectives';
import { EvaluationError } from '../errors.ts';
import { ENCODED_HISTORY } from './evaluate.ts';
import { type EvaluateOptions, EvaluationBlocks, encodeQueries } from './evaluation-blocks.ts';
import type { Evaluation } from './protocol.ts';
import { inShares, inWords } from './shares.ts';

/**
 * `evaluate` by several ranks that have the same weights: each ranks the queries of a run of neighbouring blocks of
 * `batchSize` examples, of about equal cost, and rank 0 puts together what one process would have: every field of the
 * evaluation is its, but for the seconds; those of `phases` are rank 0's own. All ranks must call it with the same
 * options. `onProgress` is called on rank 0; what it throws ends the evaluation on all ranks.
 *
 * Sent to rank 0: 20 bytes a query.
 *
 * @returns the evaluation on rank 0, nothing on the others, also when `onProgress` of rank 0 has thrown.
 * @throws EvaluationError as `evaluate`, on all ranks, whichever has met it.
 */
export async function evaluateOverRanks(options: EvaluateOptions, ranks: Collective): Promise<Evaluation | undefined> {
  const { model, onProgress } = options;
  let blocks: EvaluationBlocks | undefined;
  const share = async function* (): AsyncGenerator<number, void> {
    // In the share, so that what one rank alone cannot do all ranks hear of.
    blocks = new EvaluationBlocks(options, (batch, tokens) => encodeQueries(model, batch, tokens));
    const bounds = blocks.bounds(ranks.size);
    for (let block = bounds[ranks.rank]; block < bounds[ranks.rank + 1]; block++) yield await blocks.run(block);
    await blocks.flush();
  };
  let last = 0;
  const progress = (done: number): void => {
    if (done > last) onProgress?.({ done, total: blocks?.total ?? 0 });
    last = done;
  };
  try {
    if (!(await inShares(ranks, share(), progress))) return undefined;
  } finally {
    blocks?.dispose();
  }
  const all = blocks as unknown as EvaluationBlocks;
  const evaluation = await putTogether(all, ranks);
  if (ranks.rank === 0) progress(all.total);
  return evaluation;
}

/** The evaluation on rank 0, from what all ranks have collected; all of them throw what it refuses. */
async function putTogether(blocks: EvaluationBlocks, ranks: Collective): Promise<Evaluation | undefined> {
  const own = blocks.collector.collected();
  const options = { waits: true };
  const ofRanks = await ranks.gather(own.ranks, 0, { operation: 'evaluation, ranks', ...options });
  const numbers = await ranks.gather(own.numbers, 0, { operation: 'evaluation, queries', ...options });
  let evaluation: Evaluation | undefined;
  let failed: { readonly error: unknown } | undefined;
  if (ranks.rank === 0) {
    try {
      for (let r = 1; r < ranks.size; r++) blocks.collector.append({ ranks: ofRanks[r], numbers: numbers[r] });
      evaluation = blocks.result(ENCODED_HISTORY);
    } catch (error) {
      failed = { error };
    }
  }
  const words = new TextEncoder().encode(failed === undefined ? '' : inWords(failed.error, 0));
  const told = await ranks.broadcast(words, 0, { operation: 'evaluation, result', ...options }).catch((error) => {
    // Another rank has read the error and ended all with it.
    throw failed === undefined ? error : failed.error;
  });
  if (failed !== undefined) throw failed.error;
  if (told.length > 0) throw new EvaluationError(new TextDecoder().decode(told));
  return evaluation;
}
